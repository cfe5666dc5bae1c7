#include "controller/recovery/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace loa::recovery {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with(const fs::path& file) { throw std::system_error(errno, std::generic_category(), file.string()); }

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

}  // namespace

NewFile::NewFile(fs::path file) : x_path(std::move(file)) {
  x_file = ::open(x_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (x_file < 0) fail();
}

NewFile::~NewFile() {
  if (x_file >= 0) ::close(x_file);
}

void NewFile::fail() const { fail_with(x_path); }

void NewFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(x_file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail();
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void NewFile::finish() {
  if (::fsync(x_file) != 0) fail();
  if (::close(std::exchange(x_file, -1)) != 0) fail();
}

OpenFile::OpenFile(fs::path file) : x_path(std::move(file)) {
  x_file = ::open(x_path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (x_file < 0) fail_with(x_path);
  struct stat found {};
  const bool known = ::fstat(x_file, &found) == 0;
  if (known && S_ISREG(found.st_mode)) {
    x_bytes = found.st_size;
    return;
  }
  ::close(x_file);
  throw std::runtime_error(x_path.string() + ": is not a file");
}

OpenFile::~OpenFile() { ::close(x_file); }

std::size_t OpenFile::read(char* to, std::size_t most) {
  while (true) {
    const auto got = ::read(x_file, to, most);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail_with(x_path);
  }
}

WorkFolder::WorkFolder(const fs::path& final, const std::string& word)
    : x_final(final), x_path(folder_of(final) / ("." + final.filename().string() + "." + word)) {
  if (::mkdir(x_path.c_str(), 0700) != 0 && errno != EEXIST) fail_with(x_path);
  x_folder = ::open(x_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (x_folder < 0) fail_with(x_path);
  struct stat ours {}, there {};
  const bool locked = ::flock(x_folder, LOCK_EX | LOCK_NB) == 0 && ::fstat(x_folder, &ours) == 0;
  // Between open and lock its owner may have finished and renamed it.
  if (!locked || ::lstat(x_path.c_str(), &there) != 0 || ours.st_ino != there.st_ino || ours.st_dev != there.st_dev) {
    ::close(x_folder);
    throw std::runtime_error(fmt::format("another program works on {} now", final.string()));
  }
  for (const auto& entry : std::filesystem::directory_iterator(x_path)) std::filesystem::remove_all(entry.path());
}

WorkFolder::~WorkFolder() {
  if (!x_done) {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
  }
  ::close(x_folder);
}

void WorkFolder::become_final() {
  sync_folders(x_path);
  if (::rename(x_path.c_str(), x_final.c_str()) != 0) fail_with(x_final);
  x_done = true;
  sync_folder(folder_of(x_final));
}

void sync_folder(const fs::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) fail_with(folder);
  const int result = ::fsync(opened);
  const int error = errno;
  ::close(opened);
  if (result != 0) throw std::system_error(error, std::generic_category(), folder.string());
}

void sync_folders(const fs::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_directory() && !entry.is_symlink()) sync_folder(entry.path());
  sync_folder(folder);
}

std::int64_t free_bytes(const fs::path& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) fail_with(folder);
  return static_cast<std::int64_t>(found.f_bavail) * static_cast<std::int64_t>(found.f_frsize);
}

}  // namespace loa::recovery
