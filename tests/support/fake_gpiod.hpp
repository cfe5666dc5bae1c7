#pragma once
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// A libgpiod without a kernel behind it, preloaded into a program (or this one): it has "gpiochip0" with the lines 0..31 and AMP_FAULT, and
/// writes down what each output was driven to, and when.
class FakeGpiod {
 public:
  struct Change {
    std::chrono::nanoseconds at{};  ///< CLOCK_MONOTONIC
    std::string line;
    bool high = false;              ///< the level of the wire, whatever active means
  };

  /// What a program's environment needs.
  std::vector<std::string> environment() const {
    return {std::string("LD_PRELOAD=") + LOA_FAKE_GPIOD, "LOA_FAKE_GPIO=" + folder_.path().string()};
  }
  std::vector<Change> changes() const {
    std::vector<Change> all;
    std::ifstream in(folder_ / "changes");
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      long long ns = 0;
      std::string word;
      Change change;
      if (words >> ns >> word >> change.line >> change.high) {
        change.at = std::chrono::nanoseconds(ns);
        all.push_back(change);
      }
    }
    return all;
  }
  /// Whether the wire was driven high last.
  bool high() const {
    const auto all = changes();
    return !all.empty() && all.back().high;
  }

  /// An input's level.
  void set_high(const std::string& line, bool high) { mark("high-" + line, high); }
  /// Another program holds the line.
  void set_busy(const std::string& line, bool busy) { mark("busy-" + line, busy); }
  /// The line was given, but can be neither set nor read.
  void set_broken(const std::string& line, bool broken) { mark("broken-" + line, broken); }

 private:
  void mark(const std::string& name, bool there) {
    if (there) std::ofstream(folder_ / name) << "";
    else std::filesystem::remove(folder_ / name);
  }
  TempFolder folder_;
};

}  // namespace loa::tests
