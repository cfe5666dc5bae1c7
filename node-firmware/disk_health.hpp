#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace loa::node {

/// What the disk under the state folder does with what is written to it.
enum class DiskState { ok, full, read_only, failing };
const char* name_of(DiskState state);

/// Something that writes was refused; `error` is an errno. What throws its own kind of error derives it from this one.
class DiskFault : public std::runtime_error {
 public:
  DiskFault(const std::string& what, int error_number) : std::runtime_error(what), error(error_number) {}
  int error;
};

/// Takes what the disk refuses, so that no writer ends the program: the writer keeps in memory what it could not write, and tries again
/// when may_try() says so. Holds a ballast file in the state folder and gives its room back when the disk is full, so that what an alert
/// needs to write still fits. Loop thread.
class DiskHealth {
 public:
  static constexpr std::size_t kBallast = 256 * 1024;  ///< bytes of `ballast`

  /// `folder` exists or will; `now` is the monotonic clock. Makes the ballast.
  DiskHealth(std::filesystem::path folder, std::function<std::chrono::nanoseconds()> now);

  /// Runs `write` in the name of `writer` (a file or folder: "node.db", "marks.json"). False where it threw std::system_error or DiskFault:
  /// said in the log once for as long as it lasts, and part of state() until a write of that writer goes through. A full disk is tried
  /// once more on the ballast's room. Other exceptions pass.
  bool attempt(const std::string& writer, const std::function<void()>& write);

  /// Whether `writer` should write now: always while its last write went through, else after a wait of 5 s that doubles up to a minute.
  bool may_try(const std::string& writer) const;
  /// The program ends: every writer may try at once, however short its rest was.
  void last_chance();
  /// Once a minute at most, while something is refused or the ballast is gone: makes the ballast again. What wrote only once and has
  /// nothing to write again is forgiven when that works.
  void look();
  /// The worst that any writer met; `full` also while the ballast's room is used, `read_only` as soon as one of them was told so, for the
  /// others may get mere I/O errors from the same disk.
  DiskState state() const;
  /// Which writer met that, and the system's words; empty while the state is ok.
  std::string why() const;

 private:
  struct Refused {
    DiskState state = DiskState::failing;
    std::string why;
    std::chrono::nanoseconds wait{};
    std::chrono::nanoseconds next{};
  };
  bool run(const std::string& writer, const std::function<void()>& write, bool last);
  void refused(const std::string& writer, int error, const std::string& why);
  void make_ballast();
  bool give_ballast();
  void say();

  std::filesystem::path ballast_;
  std::function<std::chrono::nanoseconds()> now_;
  std::map<std::string, Refused> refused_;
  bool has_ballast_ = false;
  bool ballast_given_ = false;
  std::chrono::nanoseconds next_look_{};
  DiskState said_ = DiskState::ok;
  std::map<DiskState, std::chrono::nanoseconds> said_at_;  // a state is said once a minute at most
};

}  // namespace loa::node
