#pragma once
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

/// Puts the database of a restored controller on hold (store::begin_recovery_hold).
void put_on_hold(const std::filesystem::path& database, scheduler::TimePoint backup_made, scheduler::TimePoint now);

}  // namespace loa::recovery
