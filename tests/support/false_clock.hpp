#pragma once
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace loa::tests {

/// The environment in which a program sees another wall clock through libfaketime; CLOCK_MONOTONIC and file times stay true. `time`:
/// as libfaketime takes it, `@1970-01-01 00:00:05` (UTC, goes on from there) or `-1h`. Throws std::runtime_error without libfaketime.
inline std::vector<std::string> false_clock(const std::string& time) {
  std::filesystem::path library;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib")) {
    const auto candidate = folder.path() / "faketime/libfaketimeMT.so.1";
    if (std::filesystem::exists(candidate)) library = candidate;
  }
  if (library.empty()) throw std::runtime_error("no libfaketimeMT.so.1 below /usr/lib: install libfaketime");
  return {"LD_PRELOAD=" + library.string(), "FAKETIME=" + time, "TZ=UTC", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
          "NO_FAKE_STAT=1", "ASAN_OPTIONS=verify_asan_link_order=0"};
}

/// What runs a program as after a cold boot: the kernel shows it the boot id kept in `file`, in a mount namespace of its own (needs root).
inline std::vector<std::string> another_boot(const std::filesystem::path& file, const std::string& boot_id) {
  std::ofstream(file) << boot_id << "\n";
  return {"unshare", "--mount", "sh", "-c",
          "mount --bind '" + file.string() + "' /proc/sys/kernel/random/boot_id && exec \"$@\"", "sh"};
}

/// The same on a board whose system clock was set from a battery-backed one at boot.
inline std::vector<std::string> another_boot_with_rtc(const std::filesystem::path& file, const std::string& boot_id) {
  std::ofstream(file) << boot_id << "\n";
  return {"unshare", "--mount", "sh", "-c",
          "mount --bind '" + file.string() + "' /proc/sys/kernel/random/boot_id && mount -t tmpfs none /sys/class && "
          "mkdir -p /sys/class/rtc/rtc0 && echo 1 > /sys/class/rtc/rtc0/hctosys && exec \"$@\"", "sh"};
}

}  // namespace loa::tests
