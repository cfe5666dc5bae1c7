#pragma once
#include <filesystem>

namespace loa::node {

/// Holds the state folder for one process: two on one folder would sound everything twice and number records twice. The lock is the
/// kernel's (flock(2) on the folder itself), so it needs no file, works on a read-only disk and ends with the process however that ends.
class StateLock {
 public:
  /// Makes the folder where it is absent. Throws std::runtime_error where another process holds it, std::system_error where it cannot be opened.
  explicit StateLock(const std::filesystem::path& folder);
  ~StateLock();
  StateLock(const StateLock&) = delete;
  StateLock& operator=(const StateLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace loa::node
