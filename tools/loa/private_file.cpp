#include "tools/loa/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/loa/client.hpp"

namespace loa::tool {

PrivateFile::PrivateFile(std::string name)
    : name_(std::move(name)), fd_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (fd_ < 0 && errno == EEXIST) throw CommandError(kRefused, fmt::format("{} exists already", name_));
  if (fd_ < 0) throw CommandError(kRefused, fmt::format("cannot create {}: {}", name_, std::strerror(errno)));
}

PrivateFile::~PrivateFile() {
  ::close(fd_);
  if (!written_) ::unlink(name_.c_str());
}

void PrivateFile::write(const std::string& text) {
  written_ = ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd_) == 0;
  if (!written_) throw CommandError(kRefused, fmt::format("cannot write {}", name_));
}

}  // namespace loa::tool
