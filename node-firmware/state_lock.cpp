#include "node-firmware/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "node-firmware/durable_file.hpp"

namespace loa::node {

StateLock::StateLock(const std::filesystem::path& folder) {
  make_private_folder(folder);
  fd_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), folder.string() + ": cannot open");
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int why = errno;
  ::close(fd_);
  if (why != EWOULDBLOCK) throw std::system_error(why, std::generic_category(), folder.string() + ": cannot lock");
  throw std::runtime_error(folder.string() + ": another loa-node runs on this state folder; end it first, or give this one a folder of its own");
}

StateLock::~StateLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace loa::node
