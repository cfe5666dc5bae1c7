#include "controller/api/admission.hpp"

#include <spdlog/spdlog.h>

#include "controller/api/api.hpp"
#include "controller/api/routes.hpp"
#include "controller/store/api_tokens.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/second_factors.hpp"
#include "protocol/hash.hpp"

namespace loa::api {
namespace {

http::Problem bad_token() { return {401, "bad_token", "This token is none, or counts no more.", {}}; }

// Notes that a session or token is in use. Where that cannot be written, on a full disk, reading goes on.
template <class Note>
void note_use(const Call& call, store::Session& db, const Note& note) {
  try {
    store::Transaction transaction(db, call.actor(), call.now);
    note(transaction);
    transaction.commit();
  } catch (const std::exception& error) {
    spdlog::warn("the use of {} is not noted: {}", call.caller.user.id, error.what());
  }
}

std::optional<http::Problem> find_session(Call& call, store::Session& db, const Settings& settings) {
  const auto token = call.request.cookie(kCookie);
  if (token.empty()) return not_signed_in();
  auto session = store::find_user_session(db, protocol::sha256_hex(token), call.now, settings.idle_time);
  if (!session) return not_signed_in();
  auto user = store::find_user(db, session->user);
  if (!user) return not_signed_in();
  call.caller.user = std::move(*user);
  call.caller.session = std::move(*session);
  call.caller.second_factor = store::has_second_factor(db, call.caller.user.id);
  call.caller.second_factor_required = needs_second_factor(call.caller.user, settings);
  const auto& held = call.caller.session;
  if (!call.unattended() && call.now - held.last_used >= store::kTouchEvery)
    note_use(call, db, [&](store::Transaction& transaction) { store::touch_user_session(transaction, held.id); });
  return {};
}

std::optional<http::Problem> check_person(const Call& call) {
  const auto& caller = call.caller;
  if (call.right != Right::signed_in && caller.second_factor_required && !caller.second_factor)
    return http::Problem{403, "second_factor_required", "Your roles need a second factor; set it up first.", {}};
  if (call.fresh && call.now - caller.session.proven > kFresh)
    return http::Problem{403, "verify_again", "This needs your password or code again (POST /session/proof).", {}};
  if (call.right == Right::signed_in || !call.roots().empty()) return {};
  return http::Problem{403, "forbidden", "None of your roles gives you this right.", {}};
}

// A machine is a monitor of the token's area, for the routes that its scopes name and no other.
std::optional<http::Problem> find_token(Call& call, store::Session& db, std::string_view credentials) {
  constexpr std::string_view scheme = "Bearer ";
  if (!credentials.starts_with(scheme)) return bad_token();
  credentials.remove_prefix(scheme.size());
  const auto token = store::find_api_token_by_hash(db, protocol::sha256_hex(credentials));
  if (!token || token->revoked || token->expires <= call.now) return bad_token();
  const auto maker = store::find_user(db, token->creator);
  if (!maker || !may_give(db, *maker, token->area)) return bad_token();
  call.caller.user.id = token->id;
  call.caller.user.login = call.caller.user.name = token->name;
  call.caller.user.grants = {{store::Role::monitor, token->area}};
  call.caller.session.expires = token->expires;
  const std::string wanted = name_of(call.scope);
  const bool named = !wanted.empty() && std::find(token->scopes.begin(), token->scopes.end(), wanted) != token->scopes.end();
  if (!named) return http::Problem{403, "wrong_scope", wanted.empty() ? "No token opens this; it is for people." : "This needs a token with the scope " + wanted + ".", {}};
  if (!token->last_used || call.now - *token->last_used >= store::kTouchEvery)
    note_use(call, db, [&](store::Transaction& transaction) { store::touch_api_token(transaction, token->id); });
  return {};
}

std::optional<http::Problem> look_up(Call& call, store::Session& db, const Settings& settings) {
  // Who sends a token is a machine, whatever cookies come along.
  if (const auto credentials = call.request.header("authorization"); !credentials.empty()) return find_token(call, db, credentials);
  if (auto problem = find_session(call, db, settings)) return problem;
  return check_person(call);
}

// A page that was left open asks on and on: who is not signed in is no news.
void log_refusal(const Call& call, const http::Problem& problem) {
  if (problem.code == "not_signed_in") return;
  const auto& who = call.caller.user.id;
  spdlog::warn("refused {} {} to {} from {}: {}", name_of(call.request.method), call.request.path, who.empty() ? "nobody" : who, call.request.peer, problem.code);
}

}  // namespace

http::Problem not_signed_in() { return {401, "not_signed_in", "Sign in first.", {}}; }

bool may_give(store::Session& db, const store::User& maker, const std::string& area) {
  return !maker.disabled && store::is_within(db, area, roots_of(maker.grants, Right::administer));
}

std::optional<http::Problem> admit(Call& call, store::Session& db, const Settings& settings) {
  if (call.right == Right::anyone) return {};
  auto problem = look_up(call, db, settings);
  if (problem) log_refusal(call, *problem);
  return problem;
}

}  // namespace loa::api
