#include "controller/store/invitations.hpp"

#include <boost/json.hpp>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/invitation_answer.hpp"
#include "controller/api/password_strength.hpp"
#include "controller/api/user_branch.hpp"
#include "protocol/hash.hpp"

namespace loa::api {
namespace {

constexpr std::chrono::hours kFirstLasts{72};
constexpr std::chrono::hours kResetLasts{24};

http::Problem bad_invitation() {
  return {422, "bad_invitation", "This link counts no more: it was used, is too old, or another one was made. Ask for a new one.", {}};
}

}  // namespace

NewInvitation make_invitation(store::Transaction& transaction, const store::User& user) {
  NewInvitation made{random_token(), transaction.now() + (user.password_hash.empty() ? kFirstLasts : kResetLasts)};
  store::put_invitation(transaction, {user.id, protocol::sha256_hex(made.token), transaction.actor().user, transaction.now(), made.expires});
  return made;
}

json::object invitation_answer(const NewInvitation& invitation) {
  return {{"token", invitation.token}, {"expires_at", time_text(invitation.expires)}};
}

Reply invite_user(StoreCall& call) {
  const auto found = find_whole_user(call);
  if (found.has_error()) return found.error();
  if (found->user.id == call.call.caller.user.id)
    return conflict("own_account", "The own password is changed with the old one, not by a link.");
  if (found->user.disabled) return conflict("disabled", "This user is deactivated; activate the account first.");
  auto transaction = call.write();
  const auto made = make_invitation(transaction, found->user);
  transaction.commit();
  return json_response(invitation_answer(made), 201);
}

Reply withdraw_invitation(StoreCall& call) {
  const auto found = find_whole_user(call);
  if (found.has_error()) return found.error();
  auto transaction = call.write();
  if (!store::withdraw_invitation(transaction, found->user.id)) return not_found("invitation");
  transaction.commit();
  return http::empty_response(204);
}

awaitable<Reply> redeem_invitation(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto token = fields.text("token", {64, 64});
  const auto password = fields.text("password", {kLeastPassword, kMostPassword});
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto hash = protocol::sha256_hex(token);
  // Looked up first: only who has a link costs the work of a hash.
  auto load = [hash, now = call.now](store::Session& db) {
    const auto invitation = store::find_invitation(db, hash, now);
    return invitation ? store::find_user(db, invitation->user) : std::nullopt;
  };
  const std::optional<store::User> user = co_await api.store().run(std::move(load));
  if (!user) co_return bad_invitation();
  const auto cost = api.settings().password_cost;
  auto work = [password, cost, about = std::vector{user->login, user->name}] {
    const auto problem = check_password(password, about, "/password");
    return std::pair(problem, problem ? std::string() : hash_password(password, cost));
  };
  const auto [problem, password_hash] = co_await api.worker().run(std::move(work));
  if (problem) co_return *problem;
  auto write = [hash, made = password_hash](store::Transaction& transaction) { return store::redeem_invitation(transaction, hash, made); };
  store::Actor actor{user->id, call.request.peer};
  const bool done = co_await api.store().write(std::move(actor), std::move(write));
  if (!done) co_return bad_invitation();
  api.events().close_user(user->id);
  json::object answer;
  answer["name"] = user->login;
  co_return json_response(answer);
}

}  // namespace loa::api
