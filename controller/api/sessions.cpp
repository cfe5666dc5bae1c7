#include <fmt/format.h>

#include <algorithm>

#include "controller/api/admission.hpp"
#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/password_strength.hpp"
#include "controller/api/proofs.hpp"
#include "controller/store/known_devices.hpp"
#include "controller/store/second_factors.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

constexpr TextRule kName{1, 64};
constexpr TextRule kPassword{1, 256};
constexpr TextRule kNewPassword{kLeastPassword, kMostPassword};

// Secure always: browsers count this machine's own address as safe even without TLS.
std::string cookie(std::string_view name, const std::string& value, std::chrono::seconds lasts) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; Secure; SameSite=Strict", name, value, lasts.count());
}

std::string lower_case(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Who wants to sign in, and from where; no user where there is none of that name who may.
struct Visitor {
  std::optional<store::User> user;
  bool second_factor = false;
  AttemptSource from;
};

awaitable<Visitor> find_visitor(Api& api, std::string name, const Call& call) {
  const auto device = call.request.cookie(kDeviceCookie);
  Visitor visitor{{}, false, {call.request.peer, device.empty() ? "" : protocol::sha256_hex(device)}};
  auto load = [name, visitor, now = call.now](store::Session& db) mutable {
    visitor.user = store::find_user_by_login(db, name);
    if (visitor.user && visitor.user->disabled) visitor.user.reset();
    if (!visitor.user || !store::is_known_device(db, visitor.user->id, visitor.from.device, now)) visitor.from.device.clear();
    visitor.second_factor = visitor.user && store::has_second_factor(db, visitor.user->id);
    return visitor;
  };
  co_return co_await api.store().run(std::move(load));
}

store::UserSession new_session(const Api& api, const Call& call, const std::string& user, const std::string& token) {
  auto agent = std::string(call.request.header("user-agent"));
  std::erase_if(agent, [](unsigned char c) { return c < 0x20 || c > 0x7e; });
  agent.resize(std::min(agent.size(), store::kLongestAgent));
  return {protocol::random_id("s"), protocol::sha256_hex(token), user, call.now, call.now + api.settings().session_time, call.now,
          call.now, call.request.peer, std::move(agent)};
}

// The device's own cookie where it has one, or a new one.
std::string device_token(const Call& call) {
  const auto known = call.request.cookie(kDeviceCookie);
  return known.size() == 64 ? std::string(known) : random_token();
}

void set_cookies(http::Response& response, const Api& api, const std::string& device, const std::string& token) {
  response.headers.emplace_back("Set-Cookie", cookie(kDeviceCookie, device, store::kKnownDeviceLasts));
  response.headers.emplace_back("Set-Cookie", cookie(kCookie, token, api.settings().session_time));
}

}  // namespace

awaitable<Reply> sign_in(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto name = lower_case(fields.text("name", kName));
  const auto password = fields.text("password", kPassword);
  const auto code = fields.optional_text("code", {6, 40});
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto visitor = co_await find_visitor(api, name, call);
  const auto& from = visitor.from;
  const AttemptTarget target{name, visitor.user.has_value()};
  if (const auto wait = api.attempts().wait(target, from, call.now); wait.count() > 0) co_return too_many(wait);
  // Counted before it is checked, so that a burst of parallel guesses is slowed down too.
  api.attempts().failed(target, from, call.now);
  const auto hash = visitor.user ? visitor.user->password_hash : std::string();
  const auto whom = from.device.empty() ? WorkFor::stranger : WorkFor::known;
  const bool right = co_await verify_password(api, password, hash, whom);
  if (!right) {
    auto note = [name, user = visitor.user ? visitor.user->id : std::string()](store::Transaction& transaction) {
      store::add_sign_in_attempt(transaction, name, false);
      if (!user.empty()) transaction.audit("sign_in_failed", "user", user);
    };
    store::Actor actor{"system", from.address};
    co_await api.store().write(std::move(actor), std::move(note));
    co_return http::Problem{401, "sign_in_failed", "User name or password is wrong.", {}};
  }
  api.attempts().succeeded(target, from);
  if (visitor.second_factor) {
    if (!code) co_return http::Problem{401, "second_factor_needed", "Send the code of your second factor, or a recovery code, too.", {}};
    const Claim claim{*visitor.user, from, call.now};
    auto refusal = co_await prove_by_code(api, claim, *code);
    if (refusal) co_return std::move(*refusal);
  }
  const auto device = device_token(call);
  const auto token = random_token();
  auto session = new_session(api, call, visitor.user->id, token);
  auto write = [session, name, hash, device, idle = api.settings().idle_time](store::Transaction& transaction) {
    // What was proven was the password of a moment ago.
    const auto user = store::find_user(transaction.session(), session.user);
    if (!user || user->disabled || user->password_hash != hash) return false;
    store::add_sign_in_attempt(transaction, name, true);
    store::add_user_session(transaction, session);
    store::note_known_device(transaction, session.user, protocol::sha256_hex(device));
    store::prune_user_sessions(transaction, idle);
    return true;
  };
  store::Actor actor{session.user, from.address};
  const bool begun = co_await api.store().write(std::move(actor), std::move(write));
  if (!begun) co_return http::Problem{401, "sign_in_failed", "User name or password is wrong.", {}};
  call.caller = Caller{*visitor.user, std::move(session), visitor.second_factor, needs_second_factor(*visitor.user, api.settings())};
  auto response = json_response(session_answer(call.caller, api.settings().idle_time));
  set_cookies(response, api, device, token);
  co_return response;
}

awaitable<Reply> get_session(Api& api, Call call) { co_return json_response(session_answer(call.caller, api.settings().idle_time)); }

awaitable<Reply> sign_out(Api& api, Call call) {
  auto write = [session = call.caller.session](store::Transaction& transaction) {
    store::end_user_session(transaction, session.user, session.id, "sign_out");
  };
  auto actor = call.actor();
  co_await api.store().write(std::move(actor), std::move(write));
  api.events().close_user(call.caller.user.id);
  auto response = http::empty_response(204);
  response.headers.emplace_back("Set-Cookie", cookie(kCookie, "", std::chrono::seconds(0)));
  co_return response;
}

awaitable<Reply> change_password(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto old_password = fields.text("old_password", kPassword);
  const auto new_password = fields.text("new_password", kNewPassword);
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto& user = call.caller.user;
  const auto claim = claim_of(call);
  const std::string pointer = "/old_password";
  auto refusal = co_await prove_by_password(api, claim, old_password, pointer);
  if (refusal) co_return std::move(*refusal);
  const auto cost = api.settings().password_cost;
  auto work = [new_password, cost, about = std::vector{user.login, user.name}] {
    const auto problem = check_password(new_password, about, "/new_password");
    return std::pair(problem, problem ? std::string() : hash_password(new_password, cost));
  };
  const auto [problem, hash] = co_await api.worker().run(std::move(work));
  if (problem) co_return *problem;
  // update_user ends every session of the user; the one that asked goes on, by a new token.
  const auto device = device_token(call);
  const auto token = random_token();
  const auto idle = api.settings().idle_time;
  auto write = [asked = call.caller, hash = hash, idle, device, session = new_session(api, call, user.id, token)](store::Transaction& transaction) {
    auto& db = transaction.session();
    // Who asked and what was proven are of a moment ago: the account may be deactivated, reset or signed out by now.
    if (!store::find_user_session(db, asked.session.token_hash, transaction.now(), idle)) return false;
    auto held = store::find_user(db, asked.user.id);
    if (!held || held->password_hash != asked.user.password_hash) return false;
    held->password_hash = hash;
    store::update_user(transaction, *held);
    store::add_user_session(transaction, session);
    store::note_known_device(transaction, held->id, protocol::sha256_hex(device));
    return true;
  };
  auto actor = call.actor();
  const bool changed = co_await api.store().write(std::move(actor), std::move(write));
  if (!changed) co_return not_signed_in();
  api.events().close_user(user.id);
  auto response = http::empty_response(204);
  set_cookies(response, api, device, token);
  co_return response;
}

}  // namespace loa::api
