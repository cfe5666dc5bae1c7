#include "controller/backup_commands.hpp"

#include <fmt/format.h>
#include <soci/soci.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "controller/recovery/backup.hpp"
#include "controller/recovery/restore.hpp"
#include "controller/recovery/stamp.hpp"
#include "controller/store/database_url.hpp"
#include "controller/store/hold.hpp"
#include "controller/store/open_offline.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/clock.hpp"

namespace loa::controller {

namespace {

scheduler::TimePoint now() { return protocol::SystemClock().now(); }

recovery::BackupMade make(const Settings& settings, const std::string& to, std::optional<int> keep) {
  const recovery::BackupRequest request{settings.state, settings.database_url(), LOA_VERSION, now()};
  if (to == "-") return recovery::backup_to_stream(request, STDOUT_FILENO);
  return keep ? recovery::backup_and_keep(request, to, *keep) : recovery::backup_to_folder(request, to);
}

// Whoever watches the controller learns of it; that the disk does not take even this is for the exit code.
void note_failure(const Settings& settings, const std::string& to, const std::string& error) {
  try {
    auto stamp = recovery::read_stamp(settings.state).value_or(recovery::Stamp{});
    stamp.failed = now();
    stamp.error = error;
    if (stamp.to.empty()) stamp.to = to;
    recovery::write_stamp(settings.state, stamp);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "loa-controller: that the backup failed could not be noted: {}\n", failure.what());
  }
}

template <class F>
auto write_held(const Settings& settings, F work) {
  const auto session = store::open_offline(settings.database_url());
  const store::Hold hold(*session, store::parse_database_url(settings.database_url()));
  store::Transaction transaction(*session, store::system_actor(), now());
  auto result = work(transaction);
  transaction.commit();
  return result;
}

}  // namespace

int backup_controller(const Settings& settings, const std::string& to, std::optional<int> keep) {
  ::umask(077);
  const auto begun = std::chrono::steady_clock::now();
  try {
    const auto made = make(settings, to, keep);
    recovery::Stamp stamp{made.manifest.made, made.place, {}, {}};
    if (!made.manifest.missing.empty()) {
      stamp.failed = made.manifest.made;
      stamp.error = fmt::format("{} clips that the database names are gone or spoilt", made.manifest.missing.size());
    }
    recovery::write_stamp(settings.state, stamp);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    // Standard output may be the backup itself.
    fmt::print(stderr, "backup {}: {} files, {} bytes, {:.1f} s\n", made.place, made.manifest.files.size(), made.bytes, took.count());
    for (const auto& clip : made.manifest.missing) fmt::print(stderr, "missing: the clip {} is gone or spoilt\n", clip);
    for (const auto& sentence : made.left_alone) fmt::print(stderr, "left alone: {}\n", sentence);
    return made.manifest.missing.empty() ? 0 : kExitIncomplete;
  } catch (const std::exception& error) {
    note_failure(settings, to, error.what());
    throw;
  }
}

void restore_controller(const std::string& from, const std::filesystem::path& state) {
  ::umask(077);
  const auto manifest = recovery::restore(from, state, now());
  fmt::print("restored {} files of {} into {}; every byte is as the manifest says\n", manifest.files.size(), scheduler::to_rfc3339(manifest.made),
             state.string());
  for (const auto& clip : manifest.missing) fmt::print("missing since before the backup: the clip {}\n", clip);
  if (manifest.database == "postgresql")
    fmt::print("the database was on PostgreSQL: with `database` empty in controller.toml, `loa-controller migrate --to URL` moves it there again\n");
  fmt::print("the controller is on hold: it will publish nothing until an administrator has looked and resumed it (docs/recovery.md)\n");
}

void hold_controller(const Settings& settings, const std::string& reason) {
  write_held(settings, [&](store::Transaction& transaction) { return store::begin_recovery_hold(transaction, reason, std::nullopt); });
  fmt::print("the controller is on hold: started, it will publish nothing until it is resumed\n");
}

void resume_controller(const Settings& settings) {
  const auto ended = write_held(settings, [](store::Transaction& transaction) { return store::end_recovery_hold(transaction); });
  if (!ended) throw std::runtime_error("the controller is not on hold");
  fmt::print("the hold has ended; started, the controller looks at what the broker retains and signs everything anew above it\n");
}

}  // namespace loa::controller
