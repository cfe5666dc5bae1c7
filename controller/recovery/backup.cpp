#include "controller/recovery/backup.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "controller/recovery/check.hpp"
#include "controller/recovery/disk.hpp"
#include "controller/recovery/state_tree.hpp"
#include "controller/recovery/tar.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/copy_store.hpp"
#include "controller/store/database_url.hpp"
#include "protocol/hash.hpp"

namespace loa::recovery {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 256 * 1024;
constexpr int kLooks = 5;
constexpr std::string_view kRemoving = ".removing";

/// Reads a file to its end, giving each piece to `take`; its size and hash.
BackupFile read_through(const fs::path& file, const std::string& path, const std::function<void(std::string_view)>& take) {
  OpenFile open(file);
  protocol::Sha256 hash;
  BackupFile found{path, 0, {}};
  std::string piece(kPiece, '\0');
  while (const auto got = open.read(piece.data(), piece.size())) {
    const std::string_view bytes(piece.data(), got);
    hash.update(bytes);
    take(bytes);
    found.bytes += static_cast<std::int64_t>(got);
  }
  found.sha256 = hash.hex();
  return found;
}

BackupFile copy(const fs::path& from, const fs::path& to, const std::string& path) {
  fs::create_directories(to.parent_path());
  NewFile out(to);
  auto copied = read_through(from, path, [&](std::string_view bytes) { out.write(bytes); });
  out.finish();
  return copied;
}

// A writer replaces files one by one; what belongs together (a key and the set that lists it) is together once nothing changed while we copied.
std::vector<BackupFile> copy_state(const fs::path& state, const fs::path& to) {
  for (int look = 0; look < kLooks; ++look) {
    const auto before = list_state(state);
    std::vector<BackupFile> copied;
    try {
      for (const auto& file : before) copied.push_back(copy(state / file.path, to / file.path, file.path));
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::no_such_file_or_directory) throw;
      copied.clear();
    }
    if (!copied.empty() && list_state(state) == before) return copied;
    for (const auto& file : before) fs::remove(to / file.path);
  }
  throw std::runtime_error(state.string() + ": its files changed again and again while they were copied; try again");
}

std::vector<std::string> named_clips(const fs::path& database) {
  const auto session = store::open_session(database.string());
  return store::list_clip_names(*session);
}

/// Everything but the clips, in `folder`.
Manifest stage(const BackupRequest& request, const fs::path& folder) {
  if (!fs::is_directory(request.state)) throw std::runtime_error(request.state.string() + ": there is no such state folder");
  Manifest manifest;
  manifest.version = request.version;
  manifest.made = request.now;
  manifest.schema = store::newest_schema();
  const bool sqlite = store::parse_database_url(request.database_url).kind == store::DatabaseUrl::Kind::sqlite;
  manifest.database = sqlite ? "sqlite" : "postgresql";
  const auto database = folder / kDatabaseFile;
  store::copy_store(request.database_url, database);
  manifest.files = copy_state(request.state, folder);
  return manifest;
}

// Last, because looking into the database may touch the file.
void take_database(Manifest& manifest, const fs::path& folder) {
  manifest.files.insert(manifest.files.begin(), read_through(folder / kDatabaseFile, kDatabaseFile, [](std::string_view) {}));
}

fs::path clip_file(const BackupRequest& request, const std::string& sha256) { return request.state / clip_path(sha256); }

// What the disk no longer gives whole is said, and does not stop the rest from being saved.
void take_clip(Manifest& manifest, const std::string& sha256, const std::function<BackupFile()>& take) {
  try {
    auto file = take();
    if (file.sha256 == sha256) return manifest.files.push_back(std::move(file));
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory && error.code() != std::errc::io_error) throw;
  }
  manifest.missing.push_back(sha256);
}

std::int64_t bytes_of(const Manifest& manifest) {
  std::int64_t all = 0;
  for (const auto& file : manifest.files) all += file.bytes;
  return all;
}

std::string dated_name(TimePoint now) {
  auto name = "loa-" + scheduler::to_rfc3339(std::chrono::floor<std::chrono::seconds>(now));
  std::erase_if(name, [](char c) { return c == ':'; });
  for (std::size_t at = 4; at < name.size(); ++at)
    if (name[at] == '-') name.erase(at--, 1);
  return name;
}

bool is_dated_name(const std::string& name) {
  constexpr std::string_view form = "loa-########T######Z";
  return name.size() == form.size() && std::equal(name.begin(), name.end(), form.begin(), [](char c, char f) { return f == '#' ? c >= '0' && c <= '9' : c == f; });
}

// Renamed first: a kill in the middle leaves nothing that looks like a backup.
void remove_backup(const fs::path& folder, const std::string& name) {
  const auto leaving = folder / ("." + name + std::string(kRemoving));
  fs::rename(folder / name, leaving);
  fs::remove_all(leaving);
}

Manifest read_manifest(const fs::path& backup) {
  std::string text;
  read_through(backup / kManifestFile, kManifestFile, [&](std::string_view bytes) {
    if (text.size() <= kMostManifestBytes) text += bytes;
  });
  return decode_manifest(text);
}

/// Finished dated backups of a folder up to one of them, the newest first.
struct Dated {
  std::vector<std::string> whole;
  std::vector<std::string> lacking;     ///< without clips that their database names
  std::vector<std::string> left_alone;  ///< sentences on what is neither
};

Dated list_dated(const fs::path& folder, const std::string& newest) {
  Dated found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!is_dated_name(name) || !fs::exists(entry.path() / kManifestFile)) continue;
    if (name > newest) {
      found.left_alone.push_back(entry.path().string() + ": is dated later than the backup just made; it is neither counted nor removed");
      continue;
    }
    try {
      const bool whole = read_manifest(entry.path()).missing.empty();
      (whole ? found.whole : found.lacking).push_back(name);
    } catch (const std::exception& error) {
      found.left_alone.push_back(fmt::format("{}: {}; it is neither counted nor removed", (entry.path() / kManifestFile).string(), error.what()));
    }
  }
  for (auto* names : {&found.whole, &found.lacking}) std::sort(names->rbegin(), names->rend());
  std::sort(found.left_alone.begin(), found.left_alone.end());
  return found;
}

// Those that lack something never push out one that is whole: the clips may be gone for good.
std::vector<std::string> remove_old(const fs::path& folder, const std::string& newest, std::size_t keep) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(".loa-") && name.ends_with(kRemoving)) fs::remove_all(entry.path());
  }
  auto dated = list_dated(folder, newest);
  for (const auto* names : {&dated.whole, &dated.lacking})
    for (std::size_t i = keep; i < names->size(); ++i) remove_backup(folder, (*names)[i]);
  return std::move(dated.left_alone);
}

// What a killed run left under another date.
void remove_partial(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    constexpr std::string_view partial = ".partial";
    if (!name.starts_with(".loa-") || !name.ends_with(partial)) continue;
    const auto final = name.substr(1, name.size() - 1 - partial.size());
    if (is_dated_name(final)) const WorkFolder taken_over(folder / final, "partial");
  }
}

}  // namespace

BackupMade backup_to_folder(const BackupRequest& request, const fs::path& to) {
  const auto final = to.has_filename() ? to : to.parent_path();
  std::error_code missing;
  if (fs::exists(fs::symlink_status(final, missing))) throw std::runtime_error(final.string() + ": is there already; a backup is a new folder");
  WorkFolder work(final, "partial");
  auto manifest = stage(request, work.path());
  for (const auto& sha256 : named_clips(work.path() / kDatabaseFile)) {
    const auto copied = work.path() / clip_path(sha256);
    take_clip(manifest, sha256, [&] { return copy(clip_file(request, sha256), copied, clip_path(sha256)); });
    if (!manifest.missing.empty() && manifest.missing.back() == sha256) fs::remove(copied);
  }
  check_staged(work.path(), manifest);
  take_database(manifest, work.path());
  NewFile out(work.path() / kManifestFile);
  out.write(encode(manifest));
  out.finish();
  work.become_final();
  const auto bytes = bytes_of(manifest);
  return {std::move(manifest), final.string(), bytes, {}};
}

BackupMade backup_to_stream(const BackupRequest& request, int to) {
  const WorkFolder work(request.state / "stream", "backup");
  auto manifest = stage(request, work.path());
  for (const auto& sha256 : named_clips(work.path() / kDatabaseFile))
    take_clip(manifest, sha256, [&] { return read_through(clip_file(request, sha256), clip_path(sha256), [](std::string_view) {}); });
  check_staged(work.path(), manifest);
  take_database(manifest, work.path());
  TarWriter tar(to);
  const auto text = encode(manifest);
  tar.begin(kManifestFile, static_cast<std::int64_t>(text.size()));
  tar.write(text);
  for (const auto& file : manifest.files) {
    const bool clip = file.path.starts_with("clips/");
    tar.begin(file.path, file.bytes);
    const auto sent = read_through(clip ? request.state / file.path : work.path() / file.path, file.path, [&](std::string_view bytes) { tar.write(bytes); });
    if (!(sent == file)) throw std::runtime_error((request.state / file.path).string() + ": changed while it was sent; the stream is void");
  }
  tar.finish();
  const auto bytes = bytes_of(manifest);
  return {std::move(manifest), "-", bytes, {}};
}

BackupMade backup_and_keep(const BackupRequest& request, const fs::path& folder, int keep) {
  fs::create_directories(folder);
  remove_partial(folder);
  const auto name = dated_name(request.now);
  auto made = backup_to_folder(request, folder / name);
  made.left_alone = remove_old(folder, name, static_cast<std::size_t>(std::max(keep, 1)));
  return made;
}

}  // namespace loa::recovery
