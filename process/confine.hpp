#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace loa::process {

/// What a program that is not ours may reach besides its pipes and the libraries that it is linked with. It gets no network and
/// starts nothing; whatever else it tries ends it (End::confined).
struct Reach {
  std::vector<std::filesystem::path> read;   ///< files, or folders with all below
  std::vector<std::filesystem::path> write;  ///< files that exist
  /// What its libraries ask for by habit: they are refused, and the program goes on. Local sockets are refused so always.
  std::vector<std::filesystem::path> refused;
};

/// Puts this process under its filter for good: nothing is opened, connected or started any more, no memory becomes code, no right is
/// gained; what was opened before stays. Whoever tries is ended by SIGSYS after a line `confined: tried to …` on standard error;
/// what libc asks for by habit is refused and goes on. Must come before the first thread (std::logic_error). Returns what this kernel could
/// not give ("no Landlock"), empty where nothing is missing; throws std::runtime_error where there is no system-call filter at all.
std::string confine_self();

/// The walls that this kernel lacks, as a sentence; empty where it has them all.
std::string missing_walls();

}  // namespace loa::process
