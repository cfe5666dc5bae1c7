#include "controller/api/call.hpp"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "controller/api/routes.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/recovery_hold.hpp"

namespace loa::api {

const std::string& Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  throw std::logic_error("the route has no parameter " + std::string(name));
}

bool Call::unattended() const {
  // A page opens its event stream by itself, again and again.
  return !request.header(kUnattended).empty() || request.header("accept") == "text/event-stream";
}

std::optional<http::Problem> guard(const StoreCall& call, const std::string& area) {
  if (store::is_within(call.db, area, call.call.roots())) return {};
  const auto& request = call.call.request;
  spdlog::warn("refused {} {} to {} from {}: area {}", name_of(request.method), request.path, call.call.caller.user.id, request.peer, area);
  if (!store::is_within(call.db, area, call.call.visible())) return not_found("such thing");
  return http::Problem{403, "forbidden", "Your roles do not give you this right for area " + area + ".", {}};
}

std::optional<http::Problem> guard_field(const StoreCall& call, const std::string& area, const std::string& pointer) {
  auto problem = guard(call, area);
  if (problem && problem->status == 404) return refused("unknown_area", "There is no area \"" + area + "\".", pointer);
  return problem;
}

bool holds_a_root(const StoreCall& call) {
  for (const auto& root : call.call.roots())
    if (const auto area = store::find_area(call.db, root); area && area->parent.empty()) return true;
  return false;
}

std::optional<http::Problem> refuse_on_hold(const StoreCall& call) {
  if (!store::find_recovery_hold(call.db)) return {};
  return conflict("on_hold", "The controller is on hold after a restore: it publishes nothing until an administrator has ended that.");
}

http::Problem not_found(const std::string& what) { return {404, "not_found", "There is no " + what + ".", {}}; }

http::Problem conflict(std::string code, std::string detail) { return {409, std::move(code), std::move(detail), {}}; }
http::Problem content_changed() { return conflict("content_changed", "It was changed since you saw it; look at it again."); }

http::Problem refused(std::string code, std::string detail, std::string pointer) {
  http::Problem problem{422, std::move(code), std::move(detail), {}};
  if (!pointer.empty()) problem.errors.push_back({std::move(pointer), problem.detail, problem.code});
  return problem;
}

http::Response json_response(const boost::json::object& body, unsigned status) {
  return http::text_response(status, "application/json", boost::json::serialize(body));
}

}  // namespace loa::api
