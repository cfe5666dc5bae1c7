#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace loa::node {

/// What the person who started `loa-node` wants.
struct CommandLine {
  std::optional<std::filesystem::path> bundle;  ///< join with this file; later starts need none
  std::optional<std::filesystem::path> state;   ///< goes before node.toml's state_folder
  std::optional<std::filesystem::path> config;  ///< node.toml
  bool join = false;    ///< take `bundle` in, and end
  bool check = false;   ///< look at everything an installer must have right, and end
  bool silent = false;  ///< check: without the chime
  bool amplifier_off = false;                   ///< switch the amplifier's relay off and end
};

/// What to print and end with instead: `--help`, `--version`, or a mistake.
struct EarlyEnd {
  std::string text;
  int exit_code = 0;
};

/// Exit codes of `loa-node`; systemd and scripts read them. sysexits.h where it has the meaning.
inline constexpr int kExitOk = 0;
inline constexpr int kExitBroken = 1;      ///< the environment failed: disk, sound, memory; check: something is to be put right
inline constexpr int kExitUsage = 64;      ///< EX_USAGE: the command line
inline constexpr int kExitNotJoined = 66;  ///< EX_NOINPUT: no bundle given and none kept
inline constexpr int kExitBundle = 65;     ///< EX_DATAERR: the bundle is not one, or is another node's
inline constexpr int kExitConfig = 78;     ///< EX_CONFIG: node.toml; systemd does not restart
inline constexpr int kExitRestart = 75;    ///< EX_TEMPFAIL: an order asked for a restart

/// Reads the arguments; nothing is printed here.
std::variant<CommandLine, EarlyEnd> read_command_line(int argc, const char* const* argv);

}  // namespace loa::node
