#include "controller/api/page.hpp"

#include <algorithm>
#include <charconv>

#include "protocol/base64url.hpp"

namespace loa::api {
namespace {

constexpr char kBetween = '\n';

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::string key_text(scheduler::TimePoint part) { return key_text(scheduler::to_ms(part)); }
std::string key_text(std::int64_t part) { return std::to_string(part); }
std::string key_text(const std::string& part) { return part; }

bool read_key(const std::string& text, scheduler::TimePoint& part) {
  std::int64_t ms = 0;
  if (!read_key(text, ms)) return false;
  part = scheduler::from_ms(ms);
  return true;
}

bool read_key(const std::string& text, std::int64_t& part) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

bool read_key(const std::string& text, std::string& part) {
  part = text;
  return is_printable(text);
}

std::string to_cursor(std::string_view list, const std::vector<std::string>& parts) {
  std::string text(list);
  for (const auto& part : parts) text += kBetween + part;
  return protocol::to_base64url(text);
}

std::optional<std::vector<std::string>> from_cursor(std::string_view list, const std::string& cursor, std::size_t parts) {
  const auto text = protocol::from_base64url(cursor);
  if (!text) return {};
  std::vector<std::string> found(1);
  for (const char c : *text) {
    if (c == kBetween)
      found.emplace_back();
    else
      found.back() += c;
  }
  if (found.size() != parts + 1 || found.front() != list) return {};
  found.erase(found.begin());
  return found;
}

}  // namespace loa::api
