#pragma once
#include <sys/types.h>

#include "process/run.hpp"

namespace loa::process {

/// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_;
};

/// A started child with our non-blocking ends of its pipes; `in` is closed already where a file feeds it.
struct Started {
  pid_t pid = -1;
  Fd in, out, err;
  Fd exit_event;      ///< readable once the child has ended (pidfd); not open where the kernel has none
  std::string error;  ///< why nothing was started
};

/// Forks and executes under the limits that the kernel keeps; returns after exec has succeeded or failed.
Started spawn(const Command& command, const Limits& limits);

}  // namespace loa::process
