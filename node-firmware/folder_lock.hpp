#pragma once
#include <chrono>
#include <filesystem>
#include <optional>

namespace loa::node {

/// The right to be the one program that acts as the node of a state folder: an flock(2) on the folder itself, which needs no file, works on a
/// read-only disk and ends with the process however that ends. Two at once would speak under one name, throw each other off the broker, sound everything twice and number records twice.
class FolderLock {
 public:
  /// Takes it, waiting at most `patience` for who has it; nothing where it stays taken. Throws std::system_error where the folder
  /// cannot be opened.
  static std::optional<FolderLock> take(const std::filesystem::path& folder, std::chrono::milliseconds patience = {});

  FolderLock(FolderLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace loa::node
