#pragma once
#include <string>

namespace loa::tool {

/// A new file that only its owner can read, never over another. It is made before what it is to hold exists, because a bundle
/// is given once: a folder that cannot be written must be known before. Gone again unless it was written. Throws CommandError kRefused.
class PrivateFile {
 public:
  explicit PrivateFile(std::string name);
  ~PrivateFile();
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;

  /// Writes `text` and waits until it is on the disk.
  void write(const std::string& text);

 private:
  std::string name_;
  int fd_;
  bool written_ = false;
};

}  // namespace loa::tool
