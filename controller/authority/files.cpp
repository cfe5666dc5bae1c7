#include "controller/authority/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "protocol/random_id.hpp"

namespace loa::authority {

namespace {

class File {
 public:
  File(const std::filesystem::path& path, int flags, mode_t mode = 0) : path_(path) {
    fd_ = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd_ < 0) fail();
  }
  File(const File& folder, const std::string& name, int flags) : path_(folder.path_ / name) {
    fd_ = ::openat(folder.fd_, name.c_str(), flags | O_CLOEXEC);
    if (fd_ < 0 && errno != ENOENT) fail();
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool is_there() const { return fd_ >= 0; }
  bool is_plain() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) fail();
    return S_ISREG(status.st_mode);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write_all(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t written = ::write(fd_, content.data(), content.size());
      if (written < 0 && errno != EINTR) fail();
      if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() const {
    if (fsync(fd_) != 0) fail();
  }
  void mode(mode_t mode) const {
    if (fchmod(fd_, mode) != 0) fail();
  }
  std::string read_all() const {
    std::string content;
    char piece[16384];
    while (true) {
      const ssize_t got = ::read(fd_, piece, sizeof piece);
      if (got < 0 && errno != EINTR) fail();
      if (got == 0) return content;
      if (got > 0) content.append(piece, static_cast<std::size_t>(got));
      if (content.size() > kMostFileBytes) throw std::runtime_error(fmt::format("{}: larger than {} MiB", path_.string(), kMostFileBytes >> 20));
    }
  }

 private:
  [[noreturn]] void fail() const { throw std::system_error(errno, std::generic_category(), path_.string()); }
  std::filesystem::path path_;
  int fd_ = -1;
};

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// A name of its own for each writer, so that two never share a half-written file.
std::filesystem::path write_temporary(const std::filesystem::path& file, std::string_view content, mode_t mode) {
  const std::filesystem::path temporary =
      folder_of(file) / ("." + file.filename().string() + "." + protocol::random_id("tmp"));
  try {
    const File out(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    out.mode(mode);
    out.write_all(content);
    out.sync();
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  return temporary;
}

void sync_folder(const std::filesystem::path& file) { File(folder_of(file), O_RDONLY | O_DIRECTORY).sync(); }

}  // namespace

void write_file(const std::filesystem::path& file, std::string_view content, mode_t mode) {
  const std::filesystem::path temporary = write_temporary(file, content, mode);
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw std::system_error(error, std::generic_category(), file.string());
  }
  sync_folder(file);
}

void write_new_secret(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path temporary = write_temporary(file, content, 0600);
  const int failed = ::link(temporary.c_str(), file.c_str()) != 0 ? errno : 0;
  ::unlink(temporary.c_str());
  if (failed != 0) throw std::system_error(failed, std::generic_category(), file.string());
  sync_folder(file);
}

std::string read_file(const std::filesystem::path& file) { return File(file, O_RDONLY).read_all(); }

std::optional<std::string> read_foreign_file(const std::filesystem::path& folder, const std::string& name) {
  const File place(folder.has_filename() ? folder : folder.parent_path(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const File file(place, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!file.is_there()) return std::nullopt;
  if (!file.is_plain()) throw std::runtime_error((folder / name).string() + ": not a plain file");
  return file.read_all();
}

void make_private_folder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
}

}  // namespace loa::authority
