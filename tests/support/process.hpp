#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace loa::tests {

/// A program that a test started: its output goes to files, every wait has a limit, and when this is destroyed the program is
/// killed, by its own process id and no other.
class Process {
 public:
  struct Options {
    std::filesystem::path folder;          ///< for `<name>.out` and `<name>.err`, appended to
    std::string name = "program";
    std::vector<std::string> environment;  ///< NAME=value on top of the test's own
    std::filesystem::path working_folder;  ///< empty: the test's own
  };

  /// Starts argv[0], a path or a name in PATH. Throws std::system_error where it cannot be started.
  Process(std::vector<std::string> argv, Options options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  /// The exit code, 128 + signal when it was killed; nothing where it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit);
  /// SIGKILL, and waits for its end.
  void kill();
  /// SIGTERM, and SIGKILL where that does not end it within `limit`; the exit code as of wait().
  int stop(std::chrono::milliseconds limit = std::chrono::seconds(10));

  std::string out() const;
  std::string err() const;
  /// Waits until a line of stdout or stderr holds `text`, and returns that line; nothing where none came within `limit` or the
  /// program ended without one.
  std::optional<std::string> wait_for_line(const std::string& text, std::chrono::milliseconds limit);

 private:
  pid_t pid_ = -1;
  std::optional<int> ended_;
  std::filesystem::path out_;
  std::filesystem::path err_;
};

/// A TCP port of the loopback that was free just now.
std::uint16_t free_port();

}  // namespace loa::tests
