#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "scheduler/time.hpp"

namespace loa::recovery {

/// What is known of backups of a state folder: `last-backup.json` in it, written by the command that makes them.
struct Stamp {
  scheduler::TimePoint made;  ///< the moment that the last good one holds; 1970: none was made
  std::string to;
  std::optional<scheduler::TimePoint> failed;  ///< the last try where it failed since
  std::string error;
  bool operator==(const Stamp&) const = default;
};

/// Nothing where there is none or it cannot be read: then no backup is known.
std::optional<Stamp> read_stamp(const std::filesystem::path& state);
/// Replaces it in one step and gives it to the owner of the folder. Throws std::system_error.
void write_stamp(const std::filesystem::path& state, const Stamp& stamp);

/// One sentence on what is wrong with the backups of a controller that was `installed` then and whose newest authority's key was written at
/// `authority`, where the last good one may be `most` old at `now`; empty where nothing is, or where `most` is 0.
std::string trouble_of_backups(const std::optional<Stamp>& stamp, scheduler::TimePoint installed, scheduler::TimePoint now, std::chrono::hours most,
                               std::optional<scheduler::TimePoint> authority = std::nullopt);

/// Puts the database of a restored controller on hold (store::begin_recovery_hold).
void put_on_hold(const std::filesystem::path& database, scheduler::TimePoint backup_made, scheduler::TimePoint now);

}  // namespace loa::recovery
