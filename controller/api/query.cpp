#include "controller/api/query.hpp"

#include <algorithm>
#include <charconv>

namespace loa::api {
namespace {

template <class T>
std::optional<T> number(std::string_view text, T least, T most) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < least || value > most) return {};
  return value;
}

}  // namespace

void Query::fault(const char* name, std::string detail) {
  x_faults.push_back({"/" + std::string(name), std::move(detail), "bad_parameter"});
}

std::optional<std::string> Query::text(const char* name, std::size_t most) {
  x_known.emplace_back(name);
  const auto value = x_request.query_value(name);
  if (!value) return {};
  if (value->size() > most) fault(name, "is longer than " + std::to_string(most) + " bytes");
  return std::string(*value);
}

std::optional<scheduler::TimePoint> Query::time(const char* name) {
  const auto word = text(name);
  if (!word) return {};
  auto time = scheduler::parse_rfc3339(*word);
  if (!time) fault(name, "an RFC 3339 date-time is wanted, such as 2026-11-24T06:00:00Z");
  return time;
}

std::optional<std::int64_t> Query::whole(const char* name, std::int64_t least, std::int64_t most) {
  const auto word = text(name);
  if (!word) return {};
  auto value = number(*word, least, most);
  if (!value) fault(name, std::to_string(least) + " to " + std::to_string(most) + " is taken");
  return value;
}

int Query::limit() {
  constexpr int usual = 50;
  const auto word = text("limit");
  if (!word) return usual;
  const auto value = number(*word, 1, 200);
  if (!value) fault("limit", "1 to 200 is taken");
  return value.value_or(usual);
}

void Query::require(const char* name) {
  if (!x_request.query_value(name)) fault(name, "this parameter is needed");
}

std::optional<http::Problem> Query::finish() {
  for (std::size_t i = 0; i < x_request.query.size(); ++i) {
    const auto& name = x_request.query[i].first;
    const bool known = std::find(x_known.begin(), x_known.end(), name) != x_known.end();
    const bool twice = std::any_of(x_request.query.begin(), x_request.query.begin() + static_cast<std::ptrdiff_t>(i),
                                   [&](const auto& other) { return other.first == name; });
    if (!known || twice)
      x_faults.push_back({"/" + name, known ? "is given twice" : "there is no such parameter", "bad_parameter"});
  }
  if (x_faults.empty()) return {};
  return http::Problem{400, "bad_parameter",
                       "The query parameter " + x_faults.front().pointer.substr(1) + ": " + x_faults.front().detail + ".",
                       x_faults};
}

}  // namespace loa::api
