#include "controller/recovery/state_tree.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "controller/recovery/manifest.hpp"

namespace loa::recovery {

namespace {

namespace fs = std::filesystem;

constexpr std::pair<const char*, const char*> kLeftOut[] = {
    {"loa.db", "the database is copied at one moment, not file by file"},
    {"loa.db-wal", "part of the database"},
    {"loa.db-shm", "part of the database"},
    {"loa.db-journal", "part of the database"},
    {"loa.db.lock", "lock of the running controller"},
    {"served-store", "tells of the running database, not of its copy"},
    {"clips", "the clips that the database names are taken one by one"},
    {"last-backup.json", "tells of backups, and is made anew by a restore"},
};

void add(std::vector<StateFile>& files, const fs::path& folder, const std::string& below) {
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with('.') || (below.empty() && reason_left_out(name))) continue;
    const auto path = below + name;
    struct stat found {};
    if (::lstat(entry.path().c_str(), &found) != 0) {
      if (errno == ENOENT) continue;  // replaced under our eyes: the next look sees it
      throw std::system_error(errno, std::generic_category(), entry.path().string());
    }
    if (S_ISDIR(found.st_mode)) {
      add(files, entry.path(), path + "/");
      continue;
    }
    if (!S_ISREG(found.st_mode)) throw std::runtime_error(entry.path().string() + ": neither a file nor a folder: a backup would miss what is there");
    if (!is_backup_path(path)) throw std::runtime_error(entry.path().string() + ": a backup cannot hold a file of this name");
    files.push_back({path, found.st_size, found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec, found.st_ino});
  }
}

}  // namespace

const char* reason_left_out(const std::string& name) {
  for (const auto& [left, reason] : kLeftOut)
    if (name == left) return reason;
  return nullptr;
}

std::vector<StateFile> list_state(const fs::path& state) {
  std::vector<StateFile> files;
  add(files, state, "");
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

}  // namespace loa::recovery
