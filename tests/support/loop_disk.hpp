#pragma once
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// An ext4 file system in a file, on a loop device of its own, mounted with errors=remount-ro as boards mount theirs. Only root may do
/// that: available() says whether this run can.
class LoopDisk {
 public:
  explicit LoopDisk(int megabytes = 16) {
    const auto image = folder_ / "image";
    std::ofstream(image).close();
    std::filesystem::resize_file(image, static_cast<std::uintmax_t>(megabytes) << 20);
    std::filesystem::create_directory(path());
    if (std::system(("mkfs.ext4 -q -F " + image.string() + " >/dev/null 2>&1").c_str()) != 0) return;
    attach(image);
    mount();
  }
  ~LoopDisk() { unmount(); }
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  bool available() const { return mounted_; }
  std::filesystem::path path() const { return folder_.path() / "disk"; }
  std::filesystem::path operator/(const std::string& name) const { return path() / name; }
  /// Its name among block devices: "loop3".
  const std::string& device() const { return device_; }

  /// The file system finds an error in itself and turns read-only under whoever writes, as it does on a worn SD card. Only unmounting
  /// ends it.
  void turn_read_only() { std::ofstream("/sys/fs/ext4/" + device_ + "/trigger_fs_error") << "test\n"; }
  /// Every read and write fails from now on (EIO), as when the card is pulled out.
  void pull_out() {
    constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
    std::uint32_t without_log = 2;
    const int fd = ::open(path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = fd >= 0 && ::ioctl(fd, kShutdown, &without_log) == 0;
    if (fd >= 0) ::close(fd);
    if (!done) throw std::runtime_error("cannot shut the file system down");
  }
  /// Unmounts and mounts it again; nothing may be open on it.
  void mount_again(bool read_only = false) {
    ::umount2(path().c_str(), MNT_DETACH);
    mount(read_only);
  }

 private:
  void attach(const std::filesystem::path& image) {
    const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) return;
    for (int attempt = 0; attempt < 20 && loop_ < 0; ++attempt) {  // others take one between the two calls
      const int number = ::ioctl(control, LOOP_CTL_GET_FREE);
      if (number < 0) break;
      const auto name = "loop" + std::to_string(number);
      const int loop = ::open(("/dev/" + name).c_str(), O_RDWR | O_CLOEXEC);
      const int file = ::open(image.c_str(), O_RDWR | O_CLOEXEC);
      if (loop >= 0 && file >= 0 && ::ioctl(loop, LOOP_SET_FD, file) == 0) {
        loop_info64 info{};
        info.lo_flags = LO_FLAGS_AUTOCLEAR;  // it goes with its last user, also where the test is killed
        ::ioctl(loop, LOOP_SET_STATUS64, &info);
        loop_ = loop;
        device_ = name;
      } else if (loop >= 0) {
        ::close(loop);
      }
      if (file >= 0) ::close(file);
    }
    ::close(control);
  }
  void mount(bool read_only = false) {
    mounted_ = loop_ >= 0 && ::mount(("/dev/" + device_).c_str(), path().c_str(), "ext4", read_only ? MS_RDONLY : 0, "errors=remount-ro") == 0;
  }
  void unmount() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
    if (loop_ < 0) return;
    ::close(loop_);
  }

  TempFolder folder_;
  std::string device_;
  int loop_ = -1;
  bool mounted_ = false;
};

}  // namespace loa::tests
