#pragma once
#include <map>
#include <string>
#include <vector>

#include "node-firmware/edge/line.hpp"

namespace loa::tests {

/// Lines without a board; the test looks at them, breaks them, and sets inputs.
class FakeLines final : public node::edge::Lines {
 public:
  struct Wire {
    bool active = false;
    bool held = false;
    std::string broken;  ///< why, where it is
  };
  std::map<std::string, Wire> wires;
  std::vector<std::string> told;  ///< "relay on", "relay off", "relay given back"

  std::unique_ptr<node::edge::OutputLine> output(const node::edge::LineAddress& address, bool active) override {
    auto line = std::make_unique<Output>(*this, address.line);
    line->set(active);
    return line;
  }
  std::unique_ptr<node::edge::InputLine> input(const node::edge::LineAddress& address) override {
    auto line = std::make_unique<Input>(*this, address.line);
    line->active();
    return line;
  }

 private:
  struct Output final : node::edge::OutputLine {
    Output(FakeLines& all, std::string own) : lines(all), name(std::move(own)) {
      check();
      lines.wires[name].held = true;
    }
    ~Output() override {
      lines.wires[name].held = false;
      lines.told.push_back(name + " given back");
    }
    void set(bool active) override {
      check();
      lines.wires[name].active = active;
      lines.told.push_back(name + (active ? " on" : " off"));
    }
    void check() const {
      if (const auto& broken = lines.wires[name].broken; !broken.empty()) throw node::edge::LineError(broken);
    }
    FakeLines& lines;
    std::string name;
  };
  struct Input final : node::edge::InputLine {
    Input(FakeLines& all, std::string own) : lines(all), name(std::move(own)) {}
    bool active() override {
      if (const auto& broken = lines.wires[name].broken; !broken.empty()) throw node::edge::LineError(broken);
      return lines.wires[name].active;
    }
    FakeLines& lines;
    std::string name;
  };
};

}  // namespace loa::tests
