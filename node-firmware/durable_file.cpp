#include "node-firmware/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace loa::node {

namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw std::system_error(errno, std::generic_category(), file.string() + ": cannot " + what);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(file, "write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) fail(folder, "sync");
}

// What a damaged disk left under the temporary name is nobody's.
int create(const std::filesystem::path& temporary) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  const int fd = ::open(temporary.c_str(), kFlags, 0600);
  if (fd >= 0 || (errno != EISDIR && errno != ELOOP && errno != EACCES)) return fd;
  const int why = errno;
  std::error_code error;
  std::filesystem::remove_all(temporary, error);
  if (!error) return ::open(temporary.c_str(), kFlags, 0600);
  errno = why;
  return fd;
}

}  // namespace

void set_aside(const std::filesystem::path& file, std::size_t most) noexcept {
  try {
    auto aside = file;
    aside += ".damaged";
    std::error_code error;
    std::filesystem::remove_all(aside, error);
    std::filesystem::rename(file, aside, error);
    if (error) std::filesystem::remove_all(file, error);
    const auto size = std::filesystem::is_regular_file(aside, error) ? std::filesystem::file_size(aside, error) : 0;
    if (!error && size > most) std::filesystem::resize_file(aside, most, error);
  } catch (const std::exception&) {
    // Out of memory: whoever writes here next says that it could not.
  }
}

void write_durably(const std::filesystem::path& file, std::string_view bytes, const DiskHook& hook) {
  const auto step = [&hook](DiskStep which) {
    if (hook) hook(which);
  };
  auto temporary = file;
  temporary += ".new";
  {
    step(DiskStep::create);
    const Descriptor out(create(temporary));
    if (out.get() < 0) fail(temporary, "create");
    try {
      step(DiskStep::write);
      write_all(out.get(), bytes, temporary);
      step(DiskStep::sync);
      if (::fsync(out.get()) != 0) fail(temporary, "sync");
    } catch (const std::system_error&) {
      ::unlink(temporary.c_str());  // on a full disk half a file takes the room of others
      throw;
    }
  }
  step(DiskStep::rename);
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    if (errno != EISDIR) fail(file, "rename into place");
    set_aside(file);
    if (::rename(temporary.c_str(), file.c_str()) != 0) fail(file, "rename into place");
  }
  step(DiskStep::sync_folder);
  sync_folder_of(file);
}

std::optional<std::string> read_whole(const std::filesystem::path& file, std::size_t most) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail(file, "open");
  }
  std::string text;
  char block[16384];
  for (;;) {
    const auto got = ::read(in.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file, "read");
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > most) {
      errno = EFBIG;
      fail(file, "read: larger than allowed");
    }
  }
}

void remove_durably(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) != 0) {
    const int why = errno;
    if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) return;  // a read-only disk says so before it looks
    errno = why;
    fail(file, "remove");
  }
  sync_folder_of(file);
}

void make_private_folder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder.has_parent_path() ? folder.parent_path() : ".");
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail(folder, "create");
}

}  // namespace loa::node
