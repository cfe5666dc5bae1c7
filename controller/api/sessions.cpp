#include <fmt/format.h>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "protocol/hash.hpp"

namespace loa::api {
namespace {

constexpr TextRule kName{1, 64};
constexpr TextRule kPassword{1, 256};
constexpr TextRule kNewPassword{10, 256};

std::string cookie(const std::string& token, std::int64_t seconds, bool secure) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", kCookie, token, seconds,
                     secure ? "; Secure" : "");
}

std::string lower_case(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

http::Response too_many(scheduler::Millis wait) {
  const auto seconds = wait.count() / 1000 + 1;
  auto response = http::problem_response(
      {429, "too_many_attempts", fmt::format("Too many failed attempts; try again in {} seconds.", seconds), {}});
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

// The user of that name with the password verified, on the worker's thread; nothing where either is wrong.
awaitable<std::optional<store::User>> verify(Api& api, std::string name, std::string password) {
  auto load = [name](store::Session& db) { return store::find_user_by_login(db, name); };
  std::optional<store::User> user = co_await api.store().run(std::move(load));
  const auto hash = user && !user->disabled ? user->password_hash : std::string();
  const auto cost = api.settings().password_cost;
  auto check = [password, hash, cost] { return fits(password, hash, cost); };
  const bool right = co_await api.worker().run(std::move(check));
  if (!right) user.reset();
  co_return user;
}

store::UserSession new_session(const Api&, const Call& call, const std::string& user, const std::string& token,
                               std::chrono::hours lasts) {
  return {protocol::sha256_hex(token), user, call.now, call.now + lasts, call.request.peer};
}

}  // namespace

awaitable<Reply> sign_in(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto name = lower_case(fields.text("name", kName));
  const auto password = fields.text("password", kPassword);
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto address = call.request.peer;
  if (const auto wait = api.attempts().wait(name, address, call.now); wait.count() > 0) co_return too_many(wait);
  // Counted before it is checked, so that a burst of parallel guesses is slowed down too.
  api.attempts().failed(name, address, call.now);
  auto user = co_await verify(api, name, password);
  const auto token = random_token();
  auto session = new_session(api, call, user ? user->id : "", token, api.settings().session_time);
  auto write = [session, name, right = user.has_value()](store::Transaction& transaction) {
    store::add_sign_in_attempt(transaction, name, right);
    if (right) store::add_user_session(transaction, session);
    store::prune_user_sessions(transaction);
  };
  store::Actor actor{user ? user->id : std::string("system"), address};
  co_await api.store().write(std::move(actor), std::move(write));
  if (!user) co_return http::Problem{401, "sign_in_failed", "User name or password is wrong.", {}};
  api.attempts().succeeded(name, address);
  call.caller = Caller{std::move(*user), std::move(session)};
  auto response = json_response(session_answer(call.caller));
  const std::int64_t seconds = std::chrono::seconds(api.settings().session_time).count();
  response.headers.emplace_back("Set-Cookie", cookie(token, seconds, call.request.secure));
  co_return response;
}

Reply get_session(StoreCall& call) { return json_response(session_answer(call.call.caller)); }

awaitable<Reply> sign_out(Api& api, Call call) {
  auto write = [hash = call.caller.session.token_hash](store::Transaction& transaction) {
    store::end_user_session(transaction, hash);
  };
  auto actor = call.actor();
  co_await api.store().write(std::move(actor), std::move(write));
  api.events().close_user(call.caller.user.id);
  auto response = http::empty_response(204);
  response.headers.emplace_back("Set-Cookie", cookie("", 0, call.request.secure));
  co_return response;
}

awaitable<Reply> change_password(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto old_password = fields.text("old_password", kPassword);
  const auto new_password = fields.text("new_password", kNewPassword);
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto name = call.caller.user.login;
  const auto address = call.request.peer;
  if (const auto wait = api.attempts().wait(name, address, call.now); wait.count() > 0) co_return too_many(wait);
  api.attempts().failed(name, address, call.now);
  auto user = co_await verify(api, name, old_password);
  if (!user) co_return refused("wrong_password", "The old password is wrong.", "/old_password");
  api.attempts().succeeded(name, address);
  const auto cost = api.settings().password_cost;
  auto hash = [new_password, cost] { return hash_password(new_password, cost); };
  user->password_hash = co_await api.worker().run(std::move(hash));
  // update_user ends every session of the user; the one that asked goes on.
  auto write = [user = *user, session = call.caller.session](store::Transaction& transaction) {
    store::update_user(transaction, user);
    store::add_user_session(transaction, session);
  };
  auto actor = call.actor();
  co_await api.store().write(std::move(actor), std::move(write));
  co_return http::empty_response(204);
}

}  // namespace loa::api
