#pragma once
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// A disk of a few megabytes (tmpfs) that a test can fill. Only root may mount one: available() says whether this run can.
class SmallDisk {
 public:
  explicit SmallDisk(int megabytes = 4) {
    const auto size = "mode=0700,size=" + std::to_string(megabytes) + "m";
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool available() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(const std::string& name) const { return path() / name; }
  /// Leaves `spare` bytes, at most.
  void fill(std::size_t spare = 0) {
    const int file = ::open((path() / ".ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0) throw std::runtime_error("no ballast");
    const std::string block(4096, 'b');
    std::size_t written = 0;
    while (::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size())) written += block.size();
    if (spare > 0 && ::ftruncate(file, static_cast<off_t>(size() - std::min(size(), spare))) != 0) throw std::runtime_error("no ballast");
    ::close(file);
  }
  /// Nothing may be open for writing on it.
  void set_read_only(bool read_only) {
    const auto how = MS_REMOUNT | MS_NOSUID | MS_NODEV | (read_only ? MS_RDONLY : 0);
    if (::mount(nullptr, folder_.path().c_str(), nullptr, static_cast<unsigned long>(how), nullptr) != 0) throw std::runtime_error("cannot remount");
  }
  void make_room() { std::filesystem::remove(path() / ".ballast"); }

 private:
  std::size_t size() const { return std::filesystem::file_size(path() / ".ballast"); }
  TempFolder folder_;
  bool mounted_ = false;
};

}  // namespace loa::tests
