#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/page.hpp"
#include "controller/http/problem.hpp"
#include "scheduler/time.hpp"

namespace loa::api {

/// Reads the query of a request strictly: what nobody asked for, is given twice or is malformed is refused by name.
class Query {
 public:
  explicit Query(const http::Request& request) : x_request(request) {}

  std::optional<std::string> text(const char* name, std::size_t most = 100);
  std::optional<scheduler::TimePoint> time(const char* name);
  /// A whole number within least..most.
  std::optional<std::int64_t> whole(const char* name, std::int64_t least, std::int64_t most);
  /// The page of `list` (a name for its cursors) whose rows have keys of these parts.
  template <class... Parts>
  Page<Parts...> page(std::string_view list) {
    Page<Parts...> page{list, limit(), {}};
    if (const auto cursor = text("cursor", kLongestCursor)) {
      page.after = key_in<Parts...>(list, *cursor);
      if (!page.after) fault("cursor", "is not the next_cursor of an answer of this list");
    }
    return page;
  }
  template <class E>
  std::optional<E> name(const char* name, std::optional<E> (*parse)(std::string_view)) {
    const auto word = text(name);
    if (!word) return {};
    auto value = parse(*word);
    if (!value) fault(name, "there is no \"" + *word + "\" here");
    return value;
  }
  void require(const char* name);
  void fault(const char* name, std::string detail);
  /// What was wrong, or nothing. Call before anything read is used.
  std::optional<http::Problem> finish();

 private:
  static constexpr std::size_t kLongestCursor = 200;
  int limit();
  const http::Request& x_request;
  std::vector<std::string_view> x_known;
  std::vector<http::ProblemPart> x_faults;
};

}  // namespace loa::api
