#pragma once
#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace loa::tests {

/// What a process has in memory at this moment, in KiB.
struct ProcessMemory {
  std::int64_t resident = 0;
  std::int64_t own = 0;  ///< of that, what it has written: clean pages of files come and go with whoever else has them open
};

/// Of /proc/PID/smaps_rollup; throws std::runtime_error where the process is gone.
inline ProcessMemory memory_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
  ProcessMemory memory;
  std::string word;
  while (in >> word) {
    std::int64_t kib = 0;
    if (word == "Rss:" && in >> kib) memory.resident = kib;
    if (word == "Private_Dirty:" && in >> kib) memory.own = kib;
  }
  if (memory.resident == 0) throw std::runtime_error("process " + std::to_string(pid) + " is gone");
  return memory;
}

}  // namespace loa::tests
