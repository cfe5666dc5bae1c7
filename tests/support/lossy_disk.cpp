#include "tests/support/lossy_disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "tests/support/shell.hpp"

namespace loa::tests {

namespace {

std::string content(const std::filesystem::path& file) {
  std::string bytes(std::filesystem::file_size(file), '\0');
  std::ifstream(file, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace

std::string LossyDisk::missing() {
  static const std::string why = [] {
    if (::geteuid() != 0) return std::string("mounting a disk needs root");
    try {
      LossyDisk trial(16);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string();
  }();
  return why;
}

std::filesystem::path LossyDisk::image_folder() {
  return ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
}

LossyDisk::LossyDisk(int megabytes) : image_(image_folder() / (folder_.path().filename().string() + ".img")), mount_(folder_.path() / "disk"), own_image_(true) {
  must_run(fmt::format("truncate -s {}M '{}' && mkfs.ext4 -q -m 0 -J size=4 '{}'", megabytes, image_.string(), image_.string()));
  mount();
}

LossyDisk::LossyDisk(std::filesystem::path image) : image_(std::move(image)), mount_(folder_.path() / "disk") { mount(); }

void LossyDisk::mount() {
  std::filesystem::create_directory(mount_);
  must_run(fmt::format("mount -o loop,commit=300 '{}' '{}'", image_.string(), mount_.string()));
}

LossyDisk::~LossyDisk() {
  run_shell(fmt::format("umount '{0}' || umount -l '{0}'", mount_.string()));
  std::error_code gone;
  if (own_image_) std::filesystem::remove(image_, gone);
}

void LossyDisk::copy_to(const std::filesystem::path& image) const {
  auto before = content(image_);
  for (int attempt = 0; attempt < 20; ++attempt) {
    auto now = content(image_);
    if (now == before) {
      std::ofstream out(image, std::ios::binary);
      const std::string zeros(4096, '\0');
      for (std::size_t at = 0; at < now.size(); at += zeros.size()) {
        const std::string_view block(now.data() + at, std::min(zeros.size(), now.size() - at));
        if (block == std::string_view(zeros).substr(0, block.size())) continue;
        out.seekp(static_cast<std::streamoff>(at));
        out.write(block.data(), static_cast<std::streamsize>(block.size()));
      }
      out.close();
      std::filesystem::resize_file(image, now.size());
      return;
    }
    before = std::move(now);
  }
  throw std::runtime_error("the disk never holds still");
}

void LossyDisk::read_only() { must_run(fmt::format("mount -o remount,ro '{0}' || mount -o remount,ro,abort '{0}'", mount_.string())); }
void LossyDisk::writable() { must_run(fmt::format("mount -o remount,rw '{}'", mount_.string())); }

void LossyDisk::fill(std::size_t spare) {
  const auto ballast = mount_ / ".ballast";
  const int file = ::open(ballast.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) throw std::runtime_error("no ballast");
  const std::string block(4096, 'b');
  std::size_t written = 0;
  while (::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size())) written += block.size();
  ::fsync(file);
  while (::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size())) written += block.size();
  if (spare > 0 && ::ftruncate(file, static_cast<off_t>(written - std::min(written, spare))) != 0) throw std::runtime_error("no ballast");
  ::close(file);
}

void LossyDisk::make_room() { std::filesystem::remove(mount_ / ".ballast"); }

}  // namespace loa::tests
