#pragma once
#include <filesystem>
#include <string>

#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// A disk (ext4 in a file) that can lose its power, turn read-only or fill. What a program wrote without fsync is in the kernel's memory and not in
/// the file: a copy of the file is the disk after a power cut at that moment. Only root can mount one.
class LossyDisk {
 public:
  /// Where images are fast: in memory, where this machine has such a folder.
  static std::filesystem::path image_folder();
  /// Why none can be made here; empty where one can.
  static std::string missing();

  /// A new one, mounted. Throws std::runtime_error with the failing command's words.
  explicit LossyDisk(int megabytes = 40);
  /// The disk that `image` holds, mounted: the kernel replays its journal.
  explicit LossyDisk(std::filesystem::path image);
  ~LossyDisk();
  LossyDisk(const LossyDisk&) = delete;
  LossyDisk& operator=(const LossyDisk&) = delete;

  const std::filesystem::path& path() const { return mount_; }
  /// Copies the image as it is now, until two readings agree: whoever writes must be stopped (SIGSTOP), or it never holds still.
  /// Throws std::runtime_error where it does not within a few tries.
  void copy_to(const std::filesystem::path& image) const;
  void read_only();
  void writable();
  /// Leaves at most `spare` bytes free for those who are not root, and for root.
  void fill(std::size_t spare = 0);
  void make_room();

 private:
  void mount();
  TempFolder folder_;
  std::filesystem::path image_, mount_;
  bool own_image_ = false;
};

}  // namespace loa::tests
