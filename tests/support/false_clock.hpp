#pragma once
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace loa::tests {

/// libfaketime's library. Throws std::runtime_error without libfaketime.
inline std::filesystem::path faketime_library() {
  std::filesystem::path library;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib")) {
    const auto candidate = folder.path() / "faketime/libfaketimeMT.so.1";
    if (std::filesystem::exists(candidate)) library = candidate;
  }
  if (library.empty()) throw std::runtime_error("no libfaketimeMT.so.1 below /usr/lib: install libfaketime");
  return library;
}

/// The environment in which a program sees another wall clock through libfaketime; CLOCK_MONOTONIC and file times stay true. `time`:
/// as libfaketime takes it, `@1970-01-01 00:00:05` (UTC, goes on from there) or `-1h`. `more`: a library to be loaded besides.
inline std::vector<std::string> false_clock(const std::string& time, const std::string& more = {}) {
  return {"LD_PRELOAD=" + faketime_library().string() + (more.empty() ? "" : ":" + more), "FAKETIME=" + time, "TZ=UTC",
          "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1", "ASAN_OPTIONS=verify_asan_link_order=0"};
}

/// A wall clock that a test sets while the program runs.
class SettableClock {
 public:
  explicit SettableClock(std::filesystem::path file) : file_(std::move(file)) { set("+0"); }
  /// As of false_clock(); the program sees it within a tenth of a second.
  void set(const std::string& time) const {
    const auto fresh = file_.string() + ".new";
    std::ofstream(fresh) << time << "\n";
    std::filesystem::rename(fresh, file_);
  }
  /// `more`: a library to be loaded besides.
  std::vector<std::string> environment(const std::string& more = {}) const {
    auto all = false_clock("", more);
    std::erase(all, "FAKETIME=");  // it would go before the file
    all.push_back("FAKETIME_TIMESTAMP_FILE=" + file_.string());
    all.push_back("FAKETIME_NO_CACHE=1");
    return all;
  }

 private:
  std::filesystem::path file_;
};

/// What runs a program as after a cold boot: the kernel shows it the boot id kept in `file`, in a mount namespace of its own (needs root). `more`:
/// shell commands that change what else it sees. What is mounted over is made private in that namespace alone: `unshare` would do so for all that
/// is mounted, which the kernel refuses where the root folder is no mount, as in a chroot.
inline std::vector<std::string> another_boot(const std::filesystem::path& file, const std::string& boot_id, const std::string& more = {}) {
  std::ofstream(file) << boot_id << "\n";
  return {"unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
          "mount --make-rprivate /proc && mount --bind '" + file.string() + "' /proc/sys/kernel/random/boot_id && " + more + "exec \"$@\"", "sh"};
}

/// The same on a board whose system clock was set from a battery-backed one at boot; `rtc` is a shell command that prints what that one says, in
/// seconds since the epoch.
inline std::vector<std::string> another_boot_with_rtc(const std::filesystem::path& file, const std::string& boot_id, const std::string& rtc = "date +%s") {
  return another_boot(file, boot_id, "mount --make-rprivate /sys && mount -t tmpfs none /sys/class && "
                                     "mkdir -p /sys/class/rtc/rtc0 && echo 1 > /sys/class/rtc/rtc0/hctosys && " + rtc + " > /sys/class/rtc/rtc0/since_epoch && ");
}

}  // namespace loa::tests
