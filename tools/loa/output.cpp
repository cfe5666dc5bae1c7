#include "tools/loa/output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>

namespace loa::tool {

namespace json = boost::json;

namespace {

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string plain(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_double()) return fmt::format("{:.1f}", value.as_double());
  if (value.is_array()) {
    std::string joined;
    for (const auto& element : value.as_array()) joined += (joined.empty() ? "" : ", ") + plain(element);
    return joined;
  }
  return json::serialize(value);
}

void print_indented(const json::value& value, int depth, std::string& out) {
  const std::string inner(static_cast<std::size_t>(depth + 1) * 2, ' ');
  const std::string outer(static_cast<std::size_t>(depth) * 2, ' ');
  const auto list = [&](const auto& elements, char open, char close, const auto& print_one) {
    if (elements.empty()) {
      out += open;
      out += close;
      return;
    }
    out += open;
    const char* sign = "\n";
    for (const auto& element : elements) {
      out += sign + inner;
      print_one(element);
      sign = ",\n";
    }
    out += "\n" + outer + close;
  };
  if (value.is_object())
    list(value.as_object(), '{', '}', [&](const auto& member) {
      out += json::serialize(json::string(member.key())) + ": ";
      print_indented(member.value(), depth + 1, out);
    });
  else if (value.is_array())
    list(value.as_array(), '[', ']', [&](const auto& element) { print_indented(element, depth + 1, out); });
  else
    out += json::serialize(value);
}

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string text_of(const json::value& item, const std::string& member) {
  const auto* at = &item;
  for (std::size_t begin = 0; begin <= member.size();) {
    const auto end = std::min(member.find('.', begin), member.size());
    if (!at->is_object()) return "";
    at = at->as_object().if_contains(member.substr(begin, end - begin));
    if (!at) return "";
    begin = end + 1;
  }
  return plain(*at);
}

void print_table(const json::array& items, const std::vector<Column>& columns) {
  std::vector<std::vector<std::string>> rows(1);
  for (const auto& column : columns) rows[0].push_back(column.heading);
  for (const auto& item : items) {
    auto& row = rows.emplace_back();
    for (const auto& column : columns) row.push_back(text_of(item, column.member));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    fmt::print("{}\n", line);
  }
}

void print_json(const json::value& value) {
  std::string out;
  print_indented(value, 0, out);
  fmt::print("{}\n", out);
}

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)), begun_ms_(monotonic_ms()), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(int percent) {
  if (!terminal_ || (!drawn_ && monotonic_ms() - begun_ms_ < 1000)) return;
  drawn_ = true;
  const auto filled = static_cast<std::size_t>(std::clamp(percent, 0, 100) / 4);
  fmt::print(stderr, "\r{} [{}{}] {:3} %", label_, std::string(filled, '#'), std::string(25 - filled, ' '), percent);
  std::fflush(stderr);
}

}  // namespace loa::tool
