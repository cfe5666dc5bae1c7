#include "protocol/json_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <stdexcept>

#include "protocol/utf8.hpp"

namespace loa::protocol {
namespace {

/// RFC 8259 section 7: only what must be escaped is, in the short form where there is one.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  out += '"';
}

}  // namespace

void ObjectWriter::start(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_quoted(out_, name);
  out_ += ':';
}

void ObjectWriter::check(const std::optional<Refusal>& problem, const std::string& where) {
  if (problem) throw std::invalid_argument(where + ": " + problem->message);
}

void ObjectWriter::constant(const char* name, std::string_view text) {
  start(name);
  append_quoted(out_, text);
}

void ObjectWriter::format() { (*this)("v", kFormat, Range{1, kFormat}); }

void ObjectWriter::must(bool holds, const char* name, const char* message) const {
  if (!holds) throw std::invalid_argument(path_ + pointer_step(name) + ": " + message);
}

void ObjectWriter::write(bool value, const Anything&, const std::string&) {
  out_ += value ? "true" : "false";
}

void ObjectWriter::write(std::int64_t value, const Range& rule, const std::string& where) {
  check(broken(value, rule), where);
  out_ += std::to_string(value);
}

void ObjectWriter::write(double value, const RealRange& rule, const std::string& where) {
  check(broken(value, rule), where);
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out_.append(digits.data(), end);
}

void ObjectWriter::write(const std::string& value, const TextRule& rule, const std::string& where) {
  if (rule.cut_when_written) return append_quoted(out_, printable(value, rule.most));
  check(broken(value, rule), where);
  append_quoted(out_, value);
}

void ObjectWriter::write(const std::map<std::string, std::int64_t>& value, const List<Range>& rule,
                         const std::string& where) {
  check(broken_count(value.size(), rule.least, rule.most), where);
  ObjectWriter within{out_, where};
  for (const auto& [name, count] : value) {
    check(broken(name, word()), where);
    within(name.c_str(), count, rule.each);
  }
  within.finish();
}

}  // namespace loa::protocol
