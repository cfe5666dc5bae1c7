#include <boost/json.hpp>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/one_time_codes.hpp"
#include "controller/api/proofs.hpp"
#include "controller/api/user_branch.hpp"
#include "controller/store/second_factors.hpp"

namespace loa::api {
namespace {

constexpr TextRule kCode{6, 40};

std::vector<std::string> hashes_of(const std::vector<std::string>& codes) {
  std::vector<std::string> hashes;
  for (const auto& code : codes) hashes.push_back(recovery_hash(code));
  return hashes;
}

http::Response codes_answer(const std::vector<std::string>& codes) {
  json::object answer;
  answer["recovery_codes"] = texts(codes);
  return json_response(answer, 201);
}

std::optional<http::Problem> no_body(const Call& call) {
  if (call.request.body.empty()) return {};
  return Fields::parse(call.request.body).finish();
}

}  // namespace

Reply get_second_factor(StoreCall& call) {
  const auto& caller = call.call.caller;
  const auto factor = store::find_second_factor(call.db, caller.user.id);
  json::object answer;
  answer["enabled"] = caller.second_factor;
  answer["required"] = caller.second_factor_required;
  if (factor && factor->confirmed) answer["since"] = time_text(*factor->confirmed);
  answer["recovery_codes_left"] = store::recovery_codes_left(call.db, caller.user.id);
  return json_response(answer);
}

awaitable<Reply> begin_second_factor(Api& api, Call call) {
  if (auto problem = no_body(call)) co_return std::move(*problem);
  const auto& user = call.caller.user;
  const auto secret = new_secret();
  auto write = [id = user.id, sealed = api.sealing().seal(secret, user.id)](store::Transaction& transaction) {
    store::begin_second_factor(transaction, id, sealed);
  };
  auto actor = call.actor();
  co_await api.store().write(std::move(actor), std::move(write));
  json::object answer;
  answer["secret"] = typed_secret(secret);
  answer["uri"] = secret_uri(secret, api.settings().name, user.login);
  answer["expires_at"] = time_text(call.now + store::kPendingLasts);
  co_return json_response(answer, 201);
}

awaitable<Reply> confirm_second_factor(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto code = fields.text("code", kCode);
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto claim = claim_of(call);
  if (const auto wait = api.attempts().wait_for_code(claim.user.login, claim.from, call.now); wait.count() > 0) co_return too_many(wait);
  api.attempts().wrong_code(claim.user.login, claim.from, call.now);
  auto load = [id = claim.user.id](store::Session& db) { return store::find_second_factor(db, id); };
  const std::optional<store::SecondFactor> factor = co_await api.store().run(std::move(load));
  const auto secret = factor && !factor->pending.empty() && factor->pending_until > call.now ? api.sealing().open(factor->pending, claim.user.id) : std::nullopt;
  if (!secret) co_return conflict("nothing_pending", "There is no new second factor to confirm; begin anew.");
  const auto step = step_of_code(*secret, code, call.now);
  if (!step) {
    co_await note_failed_proof(api, claim);
    co_return refused("wrong_code", "The code is wrong. Is the phone's clock right?", "/code");
  }
  const auto codes = new_recovery_codes();
  auto write = [id = claim.user.id, step = *step, hashes = hashes_of(codes), session = call.caller.session.id](store::Transaction& transaction) {
    const bool done = store::confirm_second_factor(transaction, id, step, hashes);
    if (done) {
      store::end_user_sessions(transaction, id, session);  // begun without it
      store::prove_user_session(transaction, session);
    }
    return done;
  };
  auto actor = call.actor();
  const bool done = co_await api.store().write(std::move(actor), std::move(write));
  if (!done) co_return conflict("nothing_pending", "There is no new second factor to confirm; begin anew.");
  api.attempts().right_code(claim.user.login, claim.from);
  api.events().close_user(claim.user.id);
  co_return codes_answer(codes);
}

Reply renew_recovery_codes(StoreCall& call) {
  if (auto problem = no_body(call.call)) return *problem;
  const auto& caller = call.call.caller;
  if (!caller.second_factor) return conflict("no_second_factor", "There is no second factor that recovery codes could stand for.");
  const auto codes = new_recovery_codes();
  auto transaction = call.write();
  store::set_recovery_codes(transaction, caller.user.id, hashes_of(codes));
  transaction.commit();
  return codes_answer(codes);
}

Reply remove_second_factor(StoreCall& call) {
  const auto& caller = call.call.caller;
  if (caller.second_factor_required) return conflict("second_factor_kept", "Your roles need a second factor; you can only put another in its place.");
  auto transaction = call.write();
  if (!store::remove_second_factor(transaction, caller.user.id, caller.session.id)) return not_found("second factor");
  transaction.commit();
  call.effects.closed_users.push_back(caller.user.id);
  return http::empty_response(204);
}

Reply remove_user_second_factor(StoreCall& call) {
  const auto found = find_whole_user(call);
  if (found.has_error()) return found.error();
  if (found->user.id == call.call.caller.user.id)
    return conflict("own_account", "Nobody takes the own second factor away as an admin.");
  auto transaction = call.write();
  if (!store::remove_second_factor(transaction, found->user.id)) return not_found("second factor");
  transaction.commit();
  call.effects.closed_users.push_back(found->user.id);
  return http::empty_response(204);
}

awaitable<Reply> prove_again(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto code = fields.optional_text("code", kCode);
  const auto password = fields.optional_text("password", {1, 256});
  const bool fits_caller = call.caller.second_factor ? code && !password : password && !code;
  const std::string needed = call.caller.second_factor ? "code" : "password";
  if (!fits_caller) fields.fault(needed, "missing_field", "the code where there is a second factor, otherwise the password, is needed");
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto claim = claim_of(call);
  const std::string pointer = "/password";
  std::optional<http::Response> refusal;
  if (code)
    refusal = co_await prove_by_code(api, claim, *code);
  else
    refusal = co_await prove_by_password(api, claim, *password, pointer);
  if (refusal) co_return std::move(*refusal);
  auto write = [session = call.caller.session.id](store::Transaction& transaction) { store::prove_user_session(transaction, session); };
  auto actor = call.actor();
  co_await api.store().write(std::move(actor), std::move(write));
  co_return http::empty_response(204);
}

}  // namespace loa::api
