#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::authority {

/// What loa-broker-reload works on.
struct ReloadSettings {
  std::filesystem::path source;                 ///< the controller's folder, only read
  std::filesystem::path live;                   ///< the broker's, made when missing
  std::filesystem::path mosquitto = "mosquitto";
  std::filesystem::path data;                   ///< where the broker keeps what it retains; empty: the pid file's folder, or /var/lib/loa/broker
  std::string owner;                            ///< the broker's account: gets the private key, runs the trial; empty: ours
  std::filesystem::path pid_file;               ///< whom to send SIGHUP; empty: run `command` instead
  std::vector<std::string> command;             ///< for example systemctl reload mosquitto
  std::vector<std::string> restart;             ///< for example systemctl restart mosquitto; empty: SIGTERM by the pid file
  std::chrono::milliseconds trial_limit{120000};  ///< mosquitto reads the ACL in a time that grows with the square of the nodes
  std::chrono::milliseconds restart_limit{120000};  ///< a broker that keeps much takes its time to end and to begin
};

/// How one look at the source folder ended.
enum class ReloadEnd {
  installed,    ///< new files are live and the broker was told
  not_running,  ///< new files are live; no broker runs that could be told
  not_told,     ///< new files are live, and the broker may not know it: the next look tells it again
  unchanged,    ///< what is live is what is in the source
  refused       ///< something is wrong; the live files are as they were
};

struct ReloadOutcome {
  ReloadEnd end = ReloadEnd::refused;
  std::string message;  ///< one sentence for a person
};

/// In the live folder while a broker with other authorities is still to be started anew: a crash in between must not lose that.
inline constexpr const char* kRestartDueFile = "restart-due";

/// Checks the set in `source` (check_broker_files, check_broker_conf, try_broker), renames it into `live`, and only then tells the broker;
/// `status` in the live folder says how it ended, and `installed` there only when the broker was told or none runs. Where the authorities in
/// ca.pem are others the broker is to start anew, because mosquitto 2.0.11 reads them only then; without a `restart` command it is told to
/// end, and its supervisor is expected to start it. Blocks for at most the two limits and a moment; throws std::system_error where the live folder
/// cannot be written. What a crash at any moment leaves, the next call completes.
ReloadOutcome reload_broker(const ReloadSettings& settings, scheduler::TimePoint now);

/// Tells the broker once more to read what is live (see ReloadReminders); says not_running or not_told where none could be told.
ReloadOutcome tell_broker(const ReloadSettings& settings);

}  // namespace loa::authority
