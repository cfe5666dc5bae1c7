#include "controller/store/invitations.hpp"

#include "controller/store/sql.hpp"
#include "controller/store/users.hpp"

namespace loa::store {

template <>
struct sql::Fields<Invitation> {
  static void visit(Columns& c, Invitation& i) {
    c("user_id", i.user);
    c("token_hash", i.token_hash);
    c("creator", i.creator);
    c("created", i.created);
    c("expires", i.expires);
  }
};

void put_invitation(Transaction& transaction, const Invitation& invitation) {
  auto& session = transaction.session();
  const auto user = find_user(session, invitation.user);
  sql::insert(session, "invitations", invitation, sql::or_replace<Invitation>("user_id"));
  transaction.audit(user && user->password_hash.empty() ? "invite" : "reset", "user", invitation.user);
}

std::optional<Invitation> find_invitation(Session& session, const std::string& token_hash, TimePoint now) {
  return sql::select_one<Invitation>(session,
                                     "from invitations i join users u on u.id = i.user_id where i.token_hash = :token"
                                     " and i.expires > :now and u.disabled = 0",
                                     sql::params(token_hash, now), "i");
}

std::optional<TimePoint> invited_until(Session& session, const std::string& user, TimePoint now) {
  return sql::value<TimePoint>(session, "select expires from invitations where user_id = :user and expires > :now", sql::params(user, now));
}

bool redeem_invitation(Transaction& transaction, const std::string& token_hash, const std::string& password_hash) {
  auto& session = transaction.session();
  const auto invitation = find_invitation(session, token_hash, transaction.now());
  if (!invitation) return false;
  auto user = find_user(session, invitation->user);
  if (!user) return false;
  sql::execute(session, "delete from invitations where user_id = :user", sql::params(invitation->user));
  user->password_hash = password_hash;
  update_user(transaction, *user);
  transaction.audit("redeem", "user", user->id);
  return true;
}

bool withdraw_invitation(Transaction& transaction, const std::string& user) {
  if (sql::execute(transaction.session(), "delete from invitations where user_id = :user", sql::params(user)) == 0) return false;
  transaction.audit("withdraw_invitation", "user", user);
  return true;
}

}  // namespace loa::store
