#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/problem.hpp"
#include "scheduler/time.hpp"

namespace loa::api {

/// Where a page of a list begins and how long it is; a page takes one row more to learn whether there is another.
struct Page {
  int limit = 50;
  int offset = 0;
  int fetch() const { return limit + 1; }
};

/// Reads the query of a request strictly: what nobody asked for, is given twice or is malformed is refused by name.
class Query {
 public:
  explicit Query(const http::Request& request) : x_request(request) {}

  std::optional<std::string> text(const char* name, std::size_t most = 100);
  std::optional<scheduler::TimePoint> time(const char* name);
  Page page();
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
  const http::Request& x_request;
  std::vector<std::string_view> x_known;
  std::vector<http::ProblemPart> x_faults;
};

/// The cursor of the page after `page`.
std::string next_cursor(const Page& page);

}  // namespace loa::api
