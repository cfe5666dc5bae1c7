#include "process/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace loa::process {

namespace {

// Numbers of the kernel's interface that the oldest headers we build with do not name yet.
constexpr std::uint64_t kTruncate = 1ULL << 14;  // version 3
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;  // version 5
constexpr std::uint64_t kBindTcp = 1, kConnectTcp = 2;  // version 4
constexpr std::uint64_t kScopeAbstractSockets = 1, kScopeSignals = 2;  // version 6
constexpr int kTruncateSince = 3, kTcpSince = 4, kIoctlSince = 5, kScopeSince = 6, kReferSince = 2;

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE, kReadFolder = LANDLOCK_ACCESS_FS_READ_DIR;

std::uint64_t all_of_files(int version) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= kReferSince) all |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= kTruncateSince) all |= kTruncate;
  if (version >= kIoctlSince) all |= kIoctlDevice;
  return all;
}

/// One rule; a right that only a folder can have is left out for a file.
void add_rule(const Fd& ruleset, const std::filesystem::path& path, std::uint64_t rights) {
  const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place.open()) return;
  struct stat info {};
  if (::fstat(place.get(), &info) != 0) return;
  if (!S_ISDIR(info.st_mode)) rights &= ~kReadFolder;
  const landlock_path_beneath_attr rule{rights, place.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    throw std::system_error(errno, std::generic_category(), "Landlock refuses a rule for " + path.string());
}

}  // namespace

int landlock_version() {
  const auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Fd landlock_ruleset(const LandlockRules& rules) {
  const int version = landlock_version();
  if (version == 0) return Fd();
  std::array<std::uint64_t, 3> attributes{all_of_files(version), kBindTcp | kConnectTcp, kScopeAbstractSockets | kScopeSignals};
  const std::size_t size = 8U * (version >= kScopeSince ? 3U : version >= kTcpSince ? 2U : 1U);
  Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, attributes.data(), size, 0)));
  if (!ruleset.open()) throw std::system_error(errno, std::generic_category(), "Landlock makes no ruleset");
  const std::uint64_t write = LANDLOCK_ACCESS_FS_WRITE_FILE | kReadFile | (version >= kTruncateSince ? kTruncate : 0);
  for (const auto& path : rules.read) add_rule(ruleset, path, kReadFile | kReadFolder);
  for (const auto& path : rules.write) add_rule(ruleset, path, write);
  for (const auto& path : rules.execute) add_rule(ruleset, path, kReadFile | LANDLOCK_ACCESS_FS_EXECUTE);
  return ruleset;
}

bool landlock_enter(int ruleset) { return ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0; }

}  // namespace loa::process
