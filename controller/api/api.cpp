#include "controller/api/api.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "controller/api/admission.hpp"
#include "controller/api/alert_speech.hpp"
#include "controller/api/routes.hpp"
#include "controller/api/sounds.hpp"
#include "controller/http/routing.hpp"
#include "controller/http/static_file.hpp"
#include "protocol/hash.hpp"
#include "protocol/utf8.hpp"

namespace loa::api {
namespace asio = boost::asio;

namespace {

bool changes(http::Method method) { return method != http::Method::get && method != http::Method::head; }

// A cookie goes along with requests that other pages start; the browser says so, and those change nothing here.
bool from_elsewhere(const http::Request& request) {
  const auto site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const auto origin = request.header("origin");
  if (origin.empty()) return false;
  return origin != (request.secure ? "https://" : "http://") + std::string(request.header("host"));
}

bool has_body(const http::Request& head) {
  const auto length = head.header("content-length");
  return !head.header("transfer-encoding").empty() || (!length.empty() && length != "0");
}

// What another site can send without asking is a form: bodies are JSON, or what the route says.
std::optional<http::Problem> check_type(const Route& route, const http::Request& head) {
  const auto wanted = route.takes;
  if (wanted.empty() || !has_body(head)) return {};
  auto type = head.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type == wanted) return {};
  return http::Problem{415, "wrong_content_type", "The body must be of type " + std::string(wanted) + ".", {}};
}

http::Problem busy() { return {503, "busy", "The controller has more to do than it can; try again in a moment.", {}}; }

struct Found {
  const Route* route = nullptr;
  http::Pairs parameters;
  std::optional<http::Response> refusal;
};

// What no text of ours can be: the database would refuse it, or keep only what stands before a zero byte.
bool is_unreadable(const http::Request& request) {
  const auto bad = [](std::string_view text) {
    return protocol::first_invalid_utf8(text) || std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  };
  return std::any_of(request.segments.begin(), request.segments.end(), bad) ||
         std::any_of(request.query.begin(), request.query.end(), [&](const auto& one) { return bad(one.first) || bad(one.second); });
}

Found find(const http::Request& request) {
  if (is_unreadable(request))
    return {nullptr, {}, http::problem_response({400, "bad_target", "The address holds what is no text: control characters or no UTF-8.", {}})};
  auto match = http::find_route(routes(), request.method, request.segments);
  if (match.index) return {&routes()[*match.index], std::move(match.parameters), {}};
  if (match.allow.empty()) return {nullptr, {}, http::problem_response(not_found("such address"))};
  auto response = http::problem_response(
      {405, "method_not_allowed", std::string(name_of(request.method)) + " is not taken here.", {}});
  response.headers.emplace_back("Allow", match.allow);
  return {nullptr, {}, std::move(response)};
}

bool is_page(const http::Request& request) {
  const auto& first = request.segments.empty() ? std::string() : request.segments.front();
  return first != "api" && first != "media" && first != "healthz";
}

// A machine is told what would have been taken (RFC 6750 section 3).
http::Response refusal(const http::Problem& problem) {
  auto response = http::problem_response(problem);
  if (problem.code == "bad_token") response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

bool takes_upload(const Route& route) { return route.path.ends_with("/audio"); }

// The answer of a handler on the store thread together with what it leaves for the loop.
struct Outcome {
  Reply reply;
  Effects effects;
};

asio::awaitable<Reply> run_on_loop(Api& api, std::shared_ptr<Call> call, LoopHandler handler) {
  if (call->right != Right::anyone) {
    auto work = [call, &settings = api.settings()](store::Session& db) { return admit(*call, db, settings); };
    auto problem = co_await api.store().run(std::move(work), call->lane);
    if (problem) co_return std::move(*problem);
  }
  co_return co_await handler(api, std::move(*call));
}

}  // namespace

bool needs_second_factor(const store::User& user, const Settings& settings) {
  const auto& roles = settings.second_factor_for;
  return std::any_of(user.grants.begin(), user.grants.end(),
                     [&](const auto& grant) { return std::find(roles.begin(), roles.end(), grant.role) != roles.end(); });
}

asio::awaitable<Reply> in_store(Api& api, std::shared_ptr<Call> call, StoreWork work) {
  auto job = [call, work = std::move(work), &settings = api.settings()](store::Session& db) {
    Effects effects;
    if (auto problem = admit(*call, db, settings)) return Outcome{std::move(*problem), {}};
    StoreCall store_call{*call, db, effects};
    auto reply = work(store_call);
    return Outcome{std::move(reply), std::move(effects)};
  };
  auto outcome = co_await api.store().run(std::move(job), call->lane);
  if (outcome.reply.has_value()) api.apply(std::move(outcome.effects));
  co_return std::move(outcome.reply);
}

struct Api::Waits {
  bool ended = false;
  std::set<asio::steady_timer*> timers;
};

Api::Api(store::Store& store, Settings settings, Hooks hooks)
    : x_store(store),
      x_settings(std::move(settings)),
      x_hooks(std::move(hooks)),
      x_sealing(x_settings.second_factor_key),
      x_speeches(store.loop()),
      x_waits(std::make_shared<Waits>()) {
  auto list = [](store::Session& db) { return store::list_areas(db); };
  x_events.set_areas(x_store.run_sync(std::move(list)));
  auto clean = [now = x_store.clock().now()](store::Session& db) { 
    fail_interrupted_jobs(db, now);
    fail_interrupted_speech(db, now);
  };
  x_store.run_sync(std::move(clean));
}

asio::awaitable<http::BodyPlan> Api::plan_body(const http::Request& head) {
  http::BodyPlan plan = http::BufferBody{};
  if (is_page(head)) {
    plan = http::BufferBody{0};
    co_return plan;
  }
  auto found = find(head);
  if (found.refusal) {
    plan = std::move(*found.refusal);
    co_return plan;
  }
  if (changes(head.method) && from_elsewhere(head)) {
    plan = http::problem_response({403, "cross_site", "This request was started by another site.", {}});
    co_return plan;
  }
  if (auto problem = changes(head.method) ? check_type(*found.route, head) : std::nullopt) {
    plan = http::problem_response(*problem);
    co_return plan;
  }
  if (!takes_upload(*found.route)) co_return plan;
  auto call = std::make_shared<Call>();
  call->request.headers = head.headers;
  call->right = found.route->right;
  call->fresh = found.route->fresh;
  call->scope = found.route->scope;
  call->now = x_store.clock().now();
  auto work = [call, &settings = x_settings](store::Session& db) { return admit(*call, db, settings); };
  auto problem = co_await x_store.run(std::move(work));
  if (problem)
    plan = http::problem_response(*problem);
  else
    plan = http::FileBody{x_hooks.upload_file(), x_settings.upload_bytes};
  co_return plan;
}

asio::awaitable<http::Response> Api::handle(http::Request request) {
  http::Response response;
  try {
    response = co_await dispatch(std::move(request));
  } catch (const store::StoreBusy&) {
    response = http::problem_response(busy());
  } catch (const store::StoreLost& error) {
    spdlog::error("store: {}", error.what());
    response = http::problem_response(
        {503, "store_lost", "The database cannot be reached. Look whether your change was kept before you repeat it.", {}});
  } catch (const WorkerBusy&) {
    response = http::problem_response(busy());
  }
  co_return response;
}

asio::awaitable<http::Response> Api::dispatch(http::Request request) {
  if (is_page(request)) {
    const bool reads = !changes(request.method);
    if (reads && !x_settings.web_root.empty()) co_return http::serve_page(request, x_settings.web_root);
    co_return http::problem_response(not_found("such address"));
  }
  auto found = find(request);
  if (found.refusal) co_return std::move(*found.refusal);
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->parameters = std::move(found.parameters);
  call->right = found.route->right;
  call->fresh = found.route->fresh;
  call->scope = found.route->scope;
  call->lane = found.route->lane;
  call->now = x_store.clock().now();
  Reply reply = http::Problem{};
  if (const auto* handler = std::get_if<StoreHandler>(&found.route->handler))
    reply = co_await in_store(*this, std::move(call), StoreWork(*handler));
  else
    reply = co_await run_on_loop(*this, std::move(call), std::get<LoopHandler>(found.route->handler));
  if (reply.has_error()) co_return refusal(reply.error());
  co_return std::move(*reply);
}

void Api::close_streams() {
  x_events.close_all();
  x_speeches.close();
  x_waits->ended = true;
  for (auto* timer : x_waits->timers) timer->cancel();
}

asio::awaitable<bool> Api::wait(std::chrono::milliseconds time) {
  const auto waits = x_waits;
  asio::steady_timer timer(x_store.loop(), time);
  waits->timers.insert(&timer);
  if (!waits->ended) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  waits->timers.erase(&timer);
  co_return !waits->ended;
}

void Api::publish(const Event& event) { x_events.publish(event, x_store.clock().now()); }

void Api::apply(Effects effects) {
  if (effects.hold_ended) x_hooks.hold_ended();
  for (const auto& area : effects.alerts) x_hooks.alert_changed(area);
  for (auto& order : effects.orders) x_hooks.send_order(std::move(order));
  if (!effects.areas.empty() || !effects.nodes.empty())
    x_hooks.plans_changed(std::move(effects.areas), std::move(effects.nodes));
  for (const auto& node : effects.changed_nodes) x_hooks.node_changed(node);
  for (const auto& user : effects.closed_users) x_events.close_user(user);
  for (const auto& event : effects.events) {
    if (event.name == "alert" && event.status == "cancelled") x_speeches.end(event.id);
    publish(event);
  }
  if (effects.areas_changed) asio::co_spawn(x_store.loop(), read_areas(), asio::detached);
}

asio::awaitable<void> Api::read_areas() {
  auto list = [](store::Session& db) { return store::list_areas(db); };
  auto areas = co_await x_store.run(std::move(list));
  x_events.set_areas(areas);
}

}  // namespace loa::api
