#include "controller/recovery/restore.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>
#include <stdexcept>
#include <system_error>

#include "controller/authority/broker_files.hpp"
#include "controller/recovery/check.hpp"
#include "controller/recovery/disk.hpp"
#include "controller/recovery/source.hpp"
#include "controller/recovery/stamp.hpp"
#include "controller/store/copy_store.hpp"
#include "protocol/hash.hpp"

namespace loa::recovery {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::int64_t kSpare = 32 << 20;  // what the database needs while it is brought to the newest schema, at least

using Expected = std::map<std::string, const BackupFile*>;

void require_empty(const fs::path& state) {
  const auto status = fs::symlink_status(state);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) throw std::runtime_error(state.string() + ": is not a folder");
  const fs::directory_iterator first(state);
  if (first != fs::directory_iterator())
    throw std::runtime_error(fmt::format("{}: is not empty ({} is there); a backup is restored into an empty folder, move the old one aside", state.string(), first->path().filename().string()));
}

void require_room(const Manifest& manifest, const fs::path& folder) {
  std::int64_t needed = kSpare;
  const auto free = free_bytes(folder);
  for (const auto& file : manifest.files) {
    if (file.bytes > free - needed) throw std::runtime_error(fmt::format("{}: the disk has {} bytes left, the backup needs more", folder.string(), free));
    needed += file.bytes;
  }
}

void take_file(BackupSource& source, const BackupFile& expected, const fs::path& folder) {
  const auto path = folder / expected.path;
  fs::create_directories(path.parent_path());
  NewFile out(path);
  protocol::Sha256 hash;
  std::int64_t bytes = 0;
  std::string piece(kPiece, '\0');
  while (const auto got = source.read(piece.data(), piece.size())) {
    bytes += static_cast<std::int64_t>(got);
    if (bytes > expected.bytes) break;
    const std::string_view part(piece.data(), got);
    hash.update(part);
    out.write(part);
  }
  if (bytes != expected.bytes)
    throw std::runtime_error(fmt::format("{}: it has {} bytes, the manifest says {}", expected.path, bytes > expected.bytes ? "more" : std::to_string(bytes), expected.bytes));
  if (const auto found = hash.hex(); found != expected.sha256)
    throw std::runtime_error(fmt::format("{}: its bytes are not those of the manifest (SHA-256 {}, not {})", expected.path, found, expected.sha256));
  out.finish();
}

void take_files(BackupSource& source, const Manifest& manifest, const fs::path& folder) {
  Expected expected;
  for (const auto& file : manifest.files) expected[file.path] = &file;
  std::set<std::string> taken;
  while (const auto path = source.next()) {
    const auto found = expected.find(*path);
    if (found == expected.end()) throw std::runtime_error(fmt::format("{}: the manifest does not list it", *path));
    if (!taken.insert(*path).second) throw std::runtime_error(fmt::format("{}: it is there twice", *path));
    take_file(source, *found->second, folder);
  }
  for (const auto& [path, file] : expected)
    if (!taken.contains(path)) throw std::runtime_error(fmt::format("{}: it is missing; the backup is not whole", path));
}

void sync_file(const fs::path& file) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = opened >= 0 && ::fsync(opened) == 0;
  const int error = errno;
  if (opened >= 0) ::close(opened);
  if (!done) throw std::system_error(error, std::generic_category(), file.string());
}

void give_to_owner(const fs::path& folder, const fs::path& state) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(state.c_str(), &owner) != 0) return;
  const auto give = [&](const fs::path& path) {
    if (::lchown(path.c_str(), owner.st_uid, owner.st_gid) != 0) throw std::system_error(errno, std::generic_category(), path.string());
  };
  for (const auto& entry : fs::recursive_directory_iterator(folder)) give(entry.path());
  give(folder);
}

}  // namespace

Manifest restore(const std::string& from, const fs::path& state, TimePoint now) {
  const auto final = fs::absolute(state.has_filename() ? state : state.parent_path()).lexically_normal();
  require_empty(final);
  const auto source = open_source(from);
  auto manifest = decode_manifest(source->manifest());
  if (manifest.schema > store::newest_schema())
    throw std::runtime_error(fmt::format("the backup was made by a newer program ({}, schema {}; this one knows {})", manifest.version, manifest.schema, store::newest_schema()));
  WorkFolder work(final, "restoring");
  require_room(manifest, work.path());
  take_files(*source, manifest, work.path());
  check_staged(work.path(), manifest);
  // The backup's rights must not go live over newer ones before the controller has looked at those: it writes a set of its own.
  fs::remove(work.path() / "broker" / authority::kReadyFile);
  put_on_hold(work.path() / kDatabaseFile, manifest.made, now);
  sync_file(work.path() / kDatabaseFile);
  write_stamp(work.path(), {manifest.made, from, {}, {}});
  give_to_owner(work.path(), final);
  work.become_final();
  return manifest;
}

}  // namespace loa::recovery
