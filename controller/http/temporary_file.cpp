#include "controller/http/temporary_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace loa::http {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw std::system_error(errno, std::generic_category(), std::string(what) + " " + path.string());
}

}  // namespace

TemporaryFile::TemporaryFile(std::filesystem::path path) : x_path(std::move(path)) {
  x_descriptor = ::open(x_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (x_descriptor < 0) fail(x_path, "cannot make");
}

TemporaryFile::~TemporaryFile() { discard(); }

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : x_path(std::exchange(other.x_path, {})),
      x_descriptor(std::exchange(other.x_descriptor, -1)),
      x_size(std::exchange(other.x_size, 0)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  x_path = std::exchange(other.x_path, {});
  x_descriptor = std::exchange(other.x_descriptor, -1);
  x_size = std::exchange(other.x_size, 0);
  return *this;
}

void TemporaryFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(x_descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(x_path, "cannot write");
    x_size += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TemporaryFile::close() {
  if (x_descriptor < 0) return;
  if (::close(std::exchange(x_descriptor, -1)) != 0) fail(x_path, "cannot close");
}

std::filesystem::path TemporaryFile::release() {
  close();
  return std::exchange(x_path, {});
}

void TemporaryFile::discard() noexcept {
  if (x_descriptor >= 0) ::close(x_descriptor);
  x_descriptor = -1;
  if (!x_path.empty()) ::unlink(x_path.c_str());
  x_path.clear();
}

}  // namespace loa::http
