#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controller/store/database_url.hpp"
#include "controller/store/hold.hpp"
#include "controller/store/store.hpp"

namespace loa::store {

/// The store's connection: held, and made anew where it is lost. On the store thread, but for trouble().
class Connection {
 public:
  /// Opens and holds; throws std::runtime_error as open_session and Hold do.
  Connection(const std::string& url, ReconnectSettings settings);
  ~Connection();

  /// The session. Where it is lost, tries for the patience of the settings since the loss, calling `pause` in between, which answers
  /// false to give up; throws StoreLost.
  Session& session(const std::function<bool(Millis)>& pause);
  /// Throws StoreLost where `error` came from a broken connection. Notes where the disk did not take or give what SQLite asked for.
  void throw_if_lost(const std::exception& error);
  /// A commit went to the disk: where the disk failed before, it takes what is written again.
  void note_commit();
  /// Nobody needs the session now: notices a loss, and tries once to mend it where that is due.
  void look();
  /// How often to look(); nothing where the connection cannot be lost.
  std::optional<Millis> look_every() const;
  /// One sentence that names no machine: `/healthz` shows it to anyone. The reason is in the log.
  std::string trouble() const;

 private:
  using Steady = std::chrono::steady_clock;
  bool notice_loss();
  void note_failure(const std::exception& error);
  bool reopen();
  void say(const std::string& trouble, const std::string& reason);

  const std::string x_url;
  const DatabaseUrl x_place;
  const ReconnectSettings x_settings;
  std::unique_ptr<Session> x_session;
  std::unique_ptr<Hold> x_hold;
  std::int64_t x_term = 0;  ///< number of this controller among those that held the database
  bool x_taken = false;     ///< another one held it since
  Steady::time_point x_patient_until{};
  Steady::time_point x_next_try{};
  std::string x_reason;  ///< logged last, and thrown
  mutable std::mutex x_mutex;
  std::string x_trouble;
};

}  // namespace loa::store
