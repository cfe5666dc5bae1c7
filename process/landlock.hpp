#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "process/fd.hpp"

namespace loa::process {

/// What a Landlock domain (landlock(7)) leaves open; everything else in the file system, and TCP where the kernel's Landlock knows it,
/// is closed. Paths that do not exist are left out.
struct LandlockRules {
  std::vector<std::filesystem::path> read;     ///< files, or folders with all below
  std::vector<std::filesystem::path> write;    ///< files that exist, or folders in which files are changed but not made
  std::vector<std::filesystem::path> execute;  ///< files that may be started, and read
};

/// The version of Landlock that this kernel speaks, 0 where it has none or it was not enabled at boot.
int landlock_version();

/// A ruleset to give to landlock_enter(); not open where the kernel has no Landlock. Throws std::system_error where it refuses a rule.
Fd landlock_ruleset(const LandlockRules& rules);

/// Puts the calling thread, and what it will start, under the ruleset for good; needs no_new_privs. False with errno on failure. Safe
/// between fork and exec.
bool landlock_enter(int ruleset);

}  // namespace loa::process
