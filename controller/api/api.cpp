#include "controller/api/api.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/api/routes.hpp"
#include "controller/api/sounds.hpp"
#include "controller/http/routing.hpp"
#include "controller/http/static_file.hpp"
#include "protocol/hash.hpp"

namespace loa::api {
namespace asio = boost::asio;

namespace {

bool changes(http::Method method) { return method != http::Method::get && method != http::Method::head; }

// A cookie goes along with requests that other pages start; the browser says so, and those change nothing here.
bool from_elsewhere(const http::Request& request) {
  const auto site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  auto origin = request.header("origin");
  if (origin.empty()) return false;
  if (const auto scheme = origin.find("://"); scheme != std::string_view::npos) origin.remove_prefix(scheme + 3);
  return origin != request.header("host");
}

http::Problem busy() { return {503, "busy", "The controller has more to do than it can; try again in a moment.", {}}; }

std::optional<Caller> find_caller(store::Session& db, const std::string& token_hash, store::TimePoint now) {
  auto session = store::find_user_session(db, token_hash, now);
  if (!session) return {};
  auto user = store::find_user(db, session->user);
  if (!user) return {};
  return Caller{std::move(*user), std::move(*session)};
}

// Who asks, and whether the route is for them at all; branches are the handlers' matter.
std::optional<http::Problem> admit(Call& call, store::Session& db) {
  if (call.right == Right::anyone) return {};
  const auto token = call.request.cookie(kCookie);
  auto caller = token.empty() ? std::nullopt : find_caller(db, protocol::sha256_hex(token), call.now);
  if (!caller) return http::Problem{401, "not_signed_in", "Sign in first.", {}};
  call.caller = std::move(*caller);
  if (call.right == Right::signed_in || !call.roots().empty()) return {};
  return http::Problem{403, "forbidden", "None of your roles gives you this right.", {}};
}

struct Found {
  const Route* route = nullptr;
  http::Pairs parameters;
  std::optional<http::Response> refusal;
};

Found find(const http::Request& request) {
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

bool takes_upload(const Route& route) { return route.path.ends_with("/audio"); }

// The answer of a handler on the store thread together with what it leaves for the loop.
struct Outcome {
  Reply reply;
  Effects effects;
};

asio::awaitable<Reply> run_in_store(Api& api, std::shared_ptr<Call> call, StoreHandler handler) {
  StoreWork work = [handler](StoreCall& store_call) -> Reply {
    if (auto problem = admit(store_call.call, store_call.db)) return std::move(*problem);
    return handler(store_call);
  };
  co_return co_await in_store(api, std::move(call), std::move(work));
}

asio::awaitable<Reply> run_on_loop(Api& api, std::shared_ptr<Call> call, LoopHandler handler) {
  if (call->right != Right::anyone) {
    auto work = [call](store::Session& db) { return admit(*call, db); };
    auto problem = co_await api.store().run(std::move(work));
    if (problem) co_return std::move(*problem);
  }
  co_return co_await handler(api, std::move(*call));
}

}  // namespace

asio::awaitable<Reply> in_store(Api& api, std::shared_ptr<Call> call, StoreWork work) {
  auto job = [call, work = std::move(work)](store::Session& db) {
    Effects effects;
    StoreCall store_call{*call, db, effects};
    auto reply = work(store_call);
    return Outcome{std::move(reply), std::move(effects)};
  };
  auto outcome = co_await api.store().run(std::move(job));
  if (outcome.reply.has_value()) api.apply(std::move(outcome.effects));
  co_return std::move(outcome.reply);
}

Api::Api(store::Store& store, Settings settings, Hooks hooks)
    : x_store(store), x_settings(std::move(settings)), x_hooks(std::move(hooks)) {
  auto list = [](store::Session& db) { return store::list_areas(db); };
  x_events.set_areas(x_store.run_sync(std::move(list)));
  auto clean = [now = x_store.clock().now()](store::Session& db) { fail_interrupted_jobs(db, now); };
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
  if (!takes_upload(*found.route)) co_return plan;
  auto call = std::make_shared<Call>();
  call->request.headers = head.headers;
  call->right = found.route->right;
  call->now = x_store.clock().now();
  auto work = [call](store::Session& db) { return admit(*call, db); };
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
  call->now = x_store.clock().now();
  Reply reply = http::Problem{};
  if (const auto* handler = std::get_if<StoreHandler>(&found.route->handler))
    reply = co_await run_in_store(*this, std::move(call), *handler);
  else
    reply = co_await run_on_loop(*this, std::move(call), std::get<LoopHandler>(found.route->handler));
  if (reply.has_error()) co_return http::problem_response(reply.error());
  co_return std::move(*reply);
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
  for (const auto& event : effects.events) publish(event);
  if (effects.areas_changed) asio::co_spawn(x_store.loop(), read_areas(), asio::detached);
}

asio::awaitable<void> Api::read_areas() {
  auto list = [](store::Session& db) { return store::list_areas(db); };
  auto areas = co_await x_store.run(std::move(list));
  x_events.set_areas(areas);
}

}  // namespace loa::api
