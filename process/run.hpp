#pragma once
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "process/confine.hpp"

namespace loa::process {

/// An account of this machine, by its numbers.
struct Account {
  uid_t user = 0;
  gid_t group = 0;
};

/// What to run: no shell, an environment of its own, nothing inherited but what is named here.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is a path, or a name looked up in PATH of this process
  std::string stdin_text;         ///< written to standard input, which is then closed
  std::optional<std::filesystem::path> stdin_file;  ///< read as standard input instead of the text
  std::filesystem::path folder;                     ///< working folder; empty: that of this process
  /// NAME=value besides PATH, HOME (of this process, where none is given here) and LANG=C.UTF-8, which are always there.
  std::vector<std::string> environment;
  /// Set: the program runs behind walls, with no network, no other process, and no file but these. Not set: it confines itself, or is
  /// trusted.
  std::optional<Reach> reach;
  /// Set: the program runs as this account, its one group and no others; only root can give it away.
  std::optional<Account> account;
};

/// What the child may use. Zero means no limit for the two counts marked so.
struct Limits {
  std::chrono::milliseconds wall{60'000};
  std::chrono::seconds cpu{60};
  std::uint64_t memory_bytes = 512ULL
                               << 20;  ///< resident memory of the child; 0: none (sanitizer builds need that)
  std::uint64_t file_bytes = 256ULL << 20;  ///< largest single file it may write
  unsigned open_files = 64;
  std::size_t stdout_bytes = 1 << 20;   ///< more ends the child; 0: none, for a line callback
  std::size_t stderr_bytes = 16 << 10;  ///< what comes after is read and dropped
  std::size_t line_bytes = 64 << 10;    ///< a longer line on stdout ends the child (with a line callback)
};

enum class End {
  exited,       ///< by itself; see exit_code
  signalled,    ///< died of `signal`, no limit of ours known to be the cause
  not_started,  ///< no such program, or the system refused; see message
  wall_time,
  cpu_time,
  memory,
  file_size,
  output,  ///< stdout or one line of it above its limit
  confined,  ///< tried what its walls forbid; see message
  cancelled
};

/// How many ends there are; each is a number below it.
inline constexpr std::size_t kEnds = static_cast<std::size_t>(End::cancelled) + 1;

/// "exited", "signalled", … as in the enum.
const char* name_of(End end);

struct Outcome {
  End end = End::not_started;
  int exit_code = -1;
  int signal = 0;
  std::string out;      ///< standard output, unless a line callback took it
  std::string err;      ///< the first bytes of standard error
  std::string message;  ///< one sentence for a person, for every end
  std::chrono::milliseconds wall{0};
  std::chrono::milliseconds cpu{0};
  std::uint64_t peak_memory_bytes = 0;
  bool ok() const { return end == End::exited && exit_code == 0; }
};

/// Gets each line of standard output without its line feed, on the thread that called run().
using OnLine = std::function<void(std::string_view line)>;

/// Runs a program to its end and returns how it ended; blocks the calling thread at most for limits.wall and
/// a moment. The child is the leader of a process group of its own; when it ends, by itself or by a limit,
/// the whole group is killed, and it is killed when the calling thread dies. A stop request ends it as
/// `cancelled`. Throws std::system_error only where this process cannot make pipes.
Outcome run(const Command& command, const Limits& limits, const std::stop_token& stop = {},
            const OnLine& on_line = {});

}  // namespace loa::process
