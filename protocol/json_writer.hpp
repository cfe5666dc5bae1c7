#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ed25519.hpp"
#include "protocol/messages.hpp"
#include "protocol/rules.hpp"

namespace loa::protocol {

/// Writes one JSON object through the `describe` of its type: fields in that order, no white space, so that
/// the same value always gives the same bytes. A value that breaks a rule throws std::invalid_argument with
/// its JSON pointer.
class ObjectWriter {
 public:
  static constexpr bool kReads = false;

  ObjectWriter(std::string& out, std::string path) : out_{out}, path_{std::move(path)} { out_ += '{'; }

  template <class T, class Rule = Anything>
  void operator()(const char* name, const T& value, const Rule& rule = {}) {
    start(name);
    write(value, rule, path_ + pointer_step(name));
  }

  template <class T, class Rule = Anything>
  void operator()(const char* name, const std::optional<T>& value, const Rule& rule = {}) {
    if (value) (*this)(name, *value, rule);
  }

  void constant(const char* name, std::string_view text);
  void format();
  void must(bool holds, const char* name, const char* message) const;
  void finish() { out_ += '}'; }

 private:
  void start(std::string_view name);
  static void check(const std::optional<Refusal>& problem, const std::string& where);

  void write(bool value, const Anything&, const std::string& where);
  void write(std::int64_t value, const Range& rule, const std::string& where);
  void write(int value, const Range& rule, const std::string& where) {
    write(std::int64_t{value}, rule, where);
  }
  void write(double value, const RealRange& rule, const std::string& where);
  void write(const std::string& value, const TextRule& rule, const std::string& where);
  void write(scheduler::Millis value, const Range& rule, const std::string& where) {
    write(value.count(), rule, where);
  }
  void write(TimePoint value, const Anything&, const std::string& where) {
    write(scheduler::to_ms(value), kTimeMs, where);
  }
  void write(const PublicKey& value, const Anything&, const std::string& where) {
    write(to_text(value), TextRule{64}, where);
  }
  void write(const std::map<std::string, std::int64_t>& value, const List<Range>& rule,
             const std::string& where);

  template <class T, class Each>
  void write(const std::vector<T>& value, const List<Each>& rule, const std::string& where) {
    check(broken_count(value.size(), rule.least, rule.most), where);
    out_ += '[';
    for (std::size_t index = 0; index < value.size(); ++index) {
      if (index > 0) out_ += ',';
      write(value[index], rule.each, where + "/" + std::to_string(index));
    }
    out_ += ']';
  }

  template <class T>
  requires std::is_class_v<T>
  void write(const T& value, const Anything&, const std::string& where) {
    ObjectWriter within{out_, where};
    describe(within, value);
    within.finish();
  }

  template <class E>
  requires std::is_enum_v<E>
  void write(E value, const Anything&, const std::string& where) {
    write(std::string{name_of(value)}, TextRule{40, false}, where);
  }

  std::string& out_;
  std::string path_;
  bool first_ = true;
};

/// The one JSON text of `value`.
template <class T>
std::string write_json(const T& value) {
  std::string out;
  ObjectWriter writer{out, ""};
  describe(writer, value);
  writer.finish();
  return out;
}

}  // namespace loa::protocol
