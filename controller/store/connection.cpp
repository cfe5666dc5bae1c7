#include "controller/store/connection.hpp"

#include <fmt/format.h>
#include <soci/soci.h>
#include <spdlog/spdlog.h>

#include "controller/store/plans.hpp"
#include "controller/store/postgresql.hpp"

namespace loa::store {
namespace {

constexpr const char* kTerm = "store_term";

std::int64_t begin_term(Session& session) {
  Transaction transaction(session, system_actor(), {});
  const auto term = find_mark(session, kTerm) + 1;
  raise_mark(transaction, kTerm, term);
  transaction.commit();
  return term;
}

}  // namespace

Connection::Connection(const std::string& url, ReconnectSettings settings)
    : x_url(url), x_place(parse_database_url(url)), x_settings(settings), x_session(open_session(url)) {
  x_hold = std::make_unique<Hold>(*x_session, x_place);
  if (x_place.kind == DatabaseUrl::Kind::postgresql) x_term = begin_term(*x_session);
}

Connection::~Connection() = default;

std::optional<Millis> Connection::look_every() const {
  if (x_place.kind == DatabaseUrl::Kind::sqlite) return std::nullopt;
  return x_settings.every;
}

std::string Connection::trouble() const {
  const std::lock_guard lock(x_mutex);
  return x_trouble;
}

void Connection::say(const std::string& trouble, const std::string& reason) {
  if (reason != x_reason) reason.empty() ? spdlog::info("store: the database is back") : spdlog::error(reason);
  x_reason = reason;
  const std::lock_guard lock(x_mutex);
  x_trouble = trouble;
}

bool Connection::notice_loss() {
  if (!x_session) return true;
  if (x_place.kind == DatabaseUrl::Kind::sqlite || !postgresql::is_lost(*x_session)) return false;
  x_hold.reset();
  x_session.reset();
  x_next_try = Steady::now();
  x_patient_until = x_next_try + x_settings.patience;
  say("the connection to the database was lost", fmt::format("store: the connection to {} was lost", x_place.shown));
  return true;
}

bool Connection::reopen() {
  x_next_try = Steady::now() + x_settings.every;
  try {
    auto session = open_session(x_url);
    auto hold = std::make_unique<Hold>(*session, x_place);
    if (find_mark(*session, kTerm) != x_term) {
      x_taken = true;
      say("another controller has used the database: restart this one",
          fmt::format("store: another controller has used {} since the connection was lost: restart this one", x_place.shown));
      return false;
    }
    x_session = std::move(session);
    x_hold = std::move(hold);
    say("", "");
    return true;
  } catch (const std::exception& error) {
    say("the database cannot be reached", error.what());
    return false;
  }
}

Session& Connection::session(const std::function<bool(Millis)>& pause) {
  while (notice_loss()) {
    const auto now = Steady::now();
    if (!x_taken && now >= x_next_try && reopen()) break;
    if (x_taken || now >= x_patient_until || !pause(x_settings.every)) throw StoreLost(x_reason);
  }
  return *x_session;
}

// By SQLite's own words; what they mean to a person is in the sentence, the rest in the log.
void Connection::note_failure(const std::exception& error) {
  const std::string what = error.what();
  const auto has = [&](const char* words) { return what.find(words) != std::string::npos; };
  if (has("disk is full"))
    say("the disk is full: nothing is written", fmt::format("store: {}: {}", x_place.shown, what));
  else if (has("disk I/O error") || has("readonly database") || has("unable to open"))
    say("the disk does not take what is written", fmt::format("store: {}: {}", x_place.shown, what));
  else if (has("malformed") || has("not a database"))
    say("the database is damaged: see the log", fmt::format("store: {}: {}", x_place.shown, what));
}

void Connection::note_commit() {
  if (x_place.kind == DatabaseUrl::Kind::sqlite && !x_reason.empty()) say("", "");
}

void Connection::throw_if_lost(const std::exception& error) {
  if (x_place.kind == DatabaseUrl::Kind::sqlite) note_failure(error);
  if (x_session && notice_loss()) throw StoreLost(fmt::format("{}: {}", x_reason, error.what()));
}

void Connection::look() {
  if (notice_loss() && !x_taken && Steady::now() >= x_next_try) reopen();
}

}  // namespace loa::store
