#pragma once
#include <sys/types.h>

#include <memory>

#include "process/call_guard.hpp"
#include "process/fd.hpp"
#include "process/run.hpp"

namespace loa::process {

/// A started child with our non-blocking ends of its pipes; `in` is closed already where a file feeds it.
struct Started {
  pid_t pid = -1;
  Fd in, out, err;
  Fd exit_event;      ///< readable once the child has ended (pidfd); not open where the kernel has none
  std::unique_ptr<CallGuard> guard;  ///< of a confined program
  std::string attempt;  ///< what it tried before it had begun; it is to be ended
  std::string error;    ///< why nothing was started
};

/// Forks and executes under the limits that the kernel keeps; returns after exec has succeeded or failed.
Started spawn(const Command& command, const Limits& limits);

}  // namespace loa::process
