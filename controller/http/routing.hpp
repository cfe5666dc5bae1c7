#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.hpp"

namespace loa::http {

/// Whether a path's decoded segments fit a template such as `/nodes/{id}/orders`; the values of `{…}` by name, or nothing.
/// An empty segment fits no `{…}`.
std::optional<Pairs> match_path(std::string_view path_template, const std::vector<std::string>& segments);

/// What a table of routes says to a request.
struct RouteMatch {
  std::optional<std::size_t> index;  ///< the route, or nothing
  Pairs parameters;
  std::string allow;  ///< where only the method does not fit: the value of `Allow` (RFC 9110 section 10.2.1)
};

/// The first route of `routes` (members `method` and `path`) that fits; HEAD is taken as GET.
template <class Routes>
RouteMatch find_route(const Routes& routes, Method method, const std::vector<std::string>& segments) {
  const auto wanted = method == Method::head ? Method::get : method;
  RouteMatch match;
  std::size_t index = 0;
  for (const auto& route : routes) {
    if (auto parameters = match_path(route.path, segments)) {
      if (route.method == wanted) return {index, std::move(*parameters), {}};
      match.allow += (match.allow.empty() ? "" : ", ") + std::string(name_of(route.method));
    }
    ++index;
  }
  return match;
}

}  // namespace loa::http
