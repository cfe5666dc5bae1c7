#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// A signed-in browser or command line; only the token's hash is kept.
struct UserSession {
  std::string id;          ///< `s-` + random: how people name it
  std::string token_hash;  ///< SHA-256 of the token, hex
  std::string user;
  TimePoint created;
  TimePoint expires;    ///< whatever happens
  TimePoint last_used;  ///< what a person did; may lag by kTouchEvery
  TimePoint proven;     ///< when the person last gave password or code
  std::string address;
  std::string agent;  ///< what the program calls itself, cut to kLongestAgent bytes
};

inline constexpr Millis kTouchEvery = std::chrono::minutes(1);
inline constexpr std::size_t kLongestAgent = 200;

void add_user_session(Transaction& transaction, const UserSession& user_session);
/// The session of this token hash that has neither expired at `now` nor been unused for `idle`, and whose user is not disabled.
std::optional<UserSession> find_user_session(Session& session, const std::string& token_hash, TimePoint now, Millis idle);
/// Those of one user that still count, the newest first.
std::vector<UserSession> list_user_sessions(Session& session, const std::string& user, TimePoint now, Millis idle);
/// Notes a use at the transaction's time; no audit row, it is no act of a person.
void touch_user_session(Transaction& transaction, const std::string& id);
/// Notes that the person has just given password or code again.
void prove_user_session(Transaction& transaction, const std::string& id);
/// Ends one session of this user; true where there was one. The audit row says `action`.
bool end_user_session(Transaction& transaction, const std::string& user, const std::string& id, std::string_view action = "end_session");
/// Ends all sessions of this user but `except`; their number. One audit row where there were any.
int end_user_sessions(Transaction& transaction, const std::string& user, const std::string& except = {});
/// Of a database that was brought back, in an open recovery hold: what may have been ended or spent since lets nobody in. Ends every session, makes
/// every known device a stranger's and every one-time link worthless, revokes every API token and takes every recovery code away. What somebody must make
/// anew for it is noted with the hold (HoldNote), and that accounts are as old as the database. Audited.
void forget_sign_ins(Transaction& transaction);
/// Removes what has expired or was unused for `idle`, and attempts of more than a day ago.
void prune_user_sessions(Transaction& transaction, Millis idle);

void add_sign_in_attempt(Transaction& transaction, const std::string& login, bool succeeded);
/// Failed attempts since `since` for this login, or from this address.
int failed_sign_ins(Session& session, const std::string& login, const std::string& address, TimePoint since);

}  // namespace loa::store
