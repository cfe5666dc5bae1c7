#include "controller/recovery/stamp.hpp"

#include <fmt/format.h>
#include <soci/soci.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "controller/authority/files.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/limits.hpp"

namespace loa::recovery {

template <class F, protocol::DescribedAs<Stamp> T>
void describe(F& f, T& stamp) {
  f("made", stamp.made);
  f("to", stamp.to, protocol::diagnostic(1000));
  f("failed", stamp.failed);
  f("error", stamp.error, protocol::diagnostic(1000));
}

namespace {

std::filesystem::path file_in(const std::filesystem::path& state) { return state / "last-backup.json"; }

}  // namespace

std::optional<Stamp> read_stamp(const std::filesystem::path& state) {
  std::error_code missing;
  if (!std::filesystem::exists(file_in(state), missing)) return std::nullopt;
  try {
    auto read = protocol::read_json<Stamp>(authority::read_file(file_in(state)));
    return read ? std::optional(std::move(*read)) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void write_stamp(const std::filesystem::path& state, const Stamp& stamp) {
  authority::write_file(file_in(state), protocol::write_json(stamp), 0600);
  struct stat owner {};
  if (::geteuid() == 0 && ::stat(state.c_str(), &owner) == 0 && ::lchown(file_in(state).c_str(), owner.st_uid, owner.st_gid) != 0)
    throw std::system_error(errno, std::generic_category(), file_in(state).string());
}

std::string trouble_of_backups(const std::optional<Stamp>& stamp, scheduler::TimePoint installed, scheduler::TimePoint now, std::chrono::hours most,
                               std::optional<scheduler::TimePoint> authority) {
  using scheduler::to_rfc3339;
  if (most.count() == 0) return {};
  if (stamp && stamp->failed && *stamp->failed >= stamp->made) return fmt::format("the backup at {} failed: {}", to_rfc3339(*stamp->failed), stamp->error);
  const bool made = stamp && scheduler::to_ms(stamp->made) > 0;
  if (made && authority && stamp->made < *authority)
    return fmt::format("the last backup, of {}, is from before another certificate authority was begun: restored, it could revoke none of its boards, and once the first has ended it could speak to none", to_rfc3339(stamp->made));
  if (now - (made ? stamp->made : installed) <= most) return {};
  return made ? fmt::format("the last backup is of {}, to {}", to_rfc3339(stamp->made), stamp->to) : std::string("no backup was ever made");
}

void put_on_hold(const std::filesystem::path& database, scheduler::TimePoint backup_made, scheduler::TimePoint now) {
  const auto session = store::open_session(database.string());
  store::Transaction transaction(*session, store::system_actor(), now);
  store::begin_recovery_hold(transaction, "restored from a backup", backup_made);
  transaction.commit();
}

}  // namespace loa::recovery
