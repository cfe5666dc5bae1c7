#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "controller/api/events.hpp"
#include "controller/api/hooks.hpp"
#include "controller/api/rights.hpp"
#include "controller/api/scopes.hpp"
#include "controller/http/problem.hpp"
#include "controller/store/store.hpp"

namespace loa::api {

/// A handler's answer, or why there is none.
using Reply = http::Result<http::Response>;

/// One request on its way through a handler, with who asks and what the route allows.
struct Call {
  http::Request request;
  http::Pairs parameters;
  Right right = Right::see;
  Scope scope = Scope::none;  ///< of a machine's token that opens the route
  bool fresh = false;  ///< the route wants a new proof of who asks
  Caller caller;
  store::TimePoint now;
  store::Lane lane = store::Lane::usual;  ///< in which the route's work waits for the store

  /// The value of `{name}` in the path.
  const std::string& parameter(std::string_view name) const;
  /// Whether no person asked: a program said so (see kUnattended).
  bool unattended() const;
  store::Actor actor() const { return {caller.user.id, request.peer}; }
  /// The areas for which the caller has the route's right.
  std::vector<std::string> roots() const { return roots_of(caller.user.grants, right); }
  /// The areas that the caller may see.
  std::vector<std::string> visible() const { return roots_of(caller.user.grants, Right::see); }
};

/// What is to be done on the loop once the write is committed.
struct Effects {
  std::vector<std::string> areas;  ///< plans_changed
  std::vector<std::string> nodes;  ///< plans_changed
  std::vector<protocol::Order> orders;
  std::vector<std::string> alerts;         ///< areas: alert_changed
  std::vector<std::string> changed_nodes;  ///< node_changed
  std::vector<std::string> closed_users;   ///< their event streams end
  std::vector<Event> events;
  bool areas_changed = false;  ///< the tree itself
  bool hold_ended = false;
};

/// A call on the store thread: the handler reads and writes, and leaves effects for the loop.
struct StoreCall {
  Call& call;
  store::Session& db;
  Effects& effects;

  store::Transaction write() { return store::Transaction(db, call.actor(), call.now); }
};

/// Nothing where the caller has the route's right on `area`; 404 `not_found` where the area lies outside all that the caller may see,
/// 403 `forbidden` where it is only the right that is missing.
std::optional<http::Problem> guard(const StoreCall& call, const std::string& area);
/// The same for `area` as something named in the request: 422 `unknown_area` with that pointer instead of 404.
std::optional<http::Problem> guard_field(const StoreCall& call, const std::string& area, const std::string& pointer);

/// Whether the caller has the route's right on a root of the tree: what belongs to no branch is for those who answer for all of it.
bool holds_a_root(const StoreCall& call);

/// 409 `on_hold` where the controller publishes nothing now: for what only makes sense when it reaches nodes at once.
std::optional<http::Problem> refuse_on_hold(const StoreCall& call);

http::Problem not_found(const std::string& what);
http::Problem conflict(std::string code, std::string detail);
/// 409: what is to be approved or allowed is not what the caller saw (`content_hash`).
http::Problem content_changed();
http::Problem refused(std::string code, std::string detail, std::string pointer = {});
http::Response json_response(const boost::json::object& body, unsigned status = 200);

}  // namespace loa::api
