#include "controller/api/proofs.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "controller/api/api.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/one_time_codes.hpp"
#include "controller/store/second_factors.hpp"

namespace loa::api {
namespace {

http::Problem unreadable() {
  return {503, "second_factor_unreadable",
          "The controller cannot read your second factor: its key file is not the one that sealed it. An administrator must put the file back or take "
          "the second factor away.",
          {}};
}

// The step of the code, nothing where it is a wrong one, or the problem.
http::Result<std::optional<std::int64_t>> read_step(Api& api, const store::SecondFactor& factor, const std::string& code, store::TimePoint now) {
  const auto secret = api.sealing().open(factor.secret, factor.user);
  if (!secret) {
    spdlog::error("the second factor of {} does not open with this key file", factor.user);
    return unreadable();
  }
  return step_of_code(*secret, code, now);
}

enum class Taken { yes, wrong, used };

}  // namespace

http::Response too_many(scheduler::Millis wait) {
  const auto seconds = wait.count() / 1000 + 1;
  auto response = http::problem_response(
      {429, "too_many_attempts", fmt::format("Too many failed attempts; try again in {} seconds.", seconds), {}});
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

awaitable<bool> verify_password(Api& api, std::string password, std::string hash, WorkFor whom) {
  const auto cost = api.settings().password_cost;
  auto check = [password, hash, cost] { return fits(password, hash, cost); };
  co_return co_await api.worker().run(std::move(check), whom);
}

Claim claim_of(const Call& call) { return {call.caller.user, {call.request.peer, call.caller.session.id}, call.now}; }

awaitable<void> note_failed_proof(Api& api, Claim claim) {
  auto note = [id = claim.user.id](store::Transaction& transaction) { transaction.audit("proof_failed", "user", id); };
  store::Actor actor{claim.user.id, claim.from.address};
  co_await api.store().write(std::move(actor), std::move(note));
}

awaitable<std::optional<http::Response>> prove_by_code(Api& api, Claim claim, std::string code) {
  const auto& user = claim.user;
  std::optional<http::Response> refusal;
  if (const auto wait = api.attempts().wait_for_code(user.login, claim.from, claim.now); wait.count() > 0) {
    refusal = too_many(wait);
    co_return refusal;
  }
  api.attempts().wrong_code(user.login, claim.from, claim.now);
  auto load = [id = user.id](store::Session& db) { return store::find_second_factor(db, id); };
  const std::optional<store::SecondFactor> factor = co_await api.store().run(std::move(load));
  if (!factor || !factor->confirmed) {
    refusal = http::problem_response(conflict("no_second_factor", "There is no second factor to prove it by."));
    co_return refusal;
  }
  std::optional<std::int64_t> step;
  if (is_time_code(code)) {
    const auto read = read_step(api, *factor, code, claim.now);
    if (read.has_error()) {
      refusal = http::problem_response(read.error());
      co_return refusal;
    }
    step = *read;
  }
  auto take = [id = user.id, step, recovery = recovery_hash(code)](store::Transaction& transaction) {
    const bool right = step || !recovery.empty();
    const bool taken = step ? store::use_step(transaction, id, *step) : right && store::use_recovery_code(transaction, id, recovery);
    if (!taken) transaction.audit("second_factor_failed", "user", id);
    return taken ? Taken::yes : step ? Taken::used : Taken::wrong;
  };
  store::Actor actor{user.id, claim.from.address};
  const auto taken = co_await api.store().write(std::move(actor), std::move(take));
  if (taken == Taken::yes) {
    api.attempts().right_code(user.login, claim.from);
  } else if (taken == Taken::used) {
    refusal = http::problem_response({401, "code_used", "This code was used already; wait for the next one.", {}});
  } else {
    refusal = http::problem_response({401, "wrong_code", "The code is wrong.", {}});
  }
  co_return refusal;
}

awaitable<std::optional<http::Response>> prove_by_password(Api& api, Claim claim, std::string password, std::string pointer) {
  const AttemptTarget target{claim.user.login};
  std::optional<http::Response> refusal;
  if (const auto wait = api.attempts().wait(target, claim.from, claim.now); wait.count() > 0) {
    refusal = too_many(wait);
    co_return refusal;
  }
  api.attempts().failed(target, claim.from, claim.now);
  const bool right = co_await verify_password(api, password, claim.user.password_hash, WorkFor::known);
  if (right) {
    api.attempts().succeeded(target, claim.from);
  } else {
    co_await note_failed_proof(api, claim);
    refusal = http::problem_response(refused("wrong_password", "The password is wrong.", pointer));
  }
  co_return refusal;
}

}  // namespace loa::api
