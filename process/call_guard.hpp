#pragma once
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/confine.hpp"
#include "process/fd.hpp"
#include "process/filter.hpp"

namespace loa::process {

/// The walls around one program that is still to be started: made before the fork, entered by the child between fork and exec.
class Walls {
 public:
  /// Throws std::system_error or std::runtime_error where the walls cannot be made.
  Walls(const Reach& reach, const std::filesystem::path& program);

  /// The child's part, without allocation: enters the walls and sends the listener of its calls to the parent; false with errno.
  bool enter() const;
  /// The parent's part after the fork: closes the child's end.
  void started() { child_end_.close(); }
  /// The listener that the child sent; not open where it died before. Blocks until one of the two.
  Fd take_listener();

 private:
  Fd parent_end_, child_end_, ruleset_;
  FilterProgram filter_;
};

/// Answers the system calls that a confined program's filter puts to us: lets through what its reach allows, refuses what libraries ask
/// for by habit, and names the rest. The kernel asks with the path in the program's own memory, which another thread of it may change
/// after we read it: Landlock is what holds the files, this names and ends.
class CallGuard {
 public:
  CallGuard(Fd listener, pid_t child, const std::filesystem::path& program, const Reach& reach);

  int listener() const { return listener_.get(); }
  /// Answers one call that waits. A text: what it tried ("open /etc/passwd"); the caller ends the child, whose call stays unanswered.
  std::optional<std::string> answer();
  void close() { listener_.close(); }

 private:
  enum class Word { pass, refuse, forbid };
  struct Verdict {
    Word word = Word::forbid;
    std::string attempt;
  };
  Verdict judge(const seccomp_data& call, pid_t caller);
  Verdict judge_open(const seccomp_data& call, const std::string& name, pid_t caller) const;
  /// Empty where it cannot be read.
  std::string path_in(pid_t caller, long long folder, unsigned long long address) const;
  bool below_any(const std::string& path, const std::vector<std::string>& roots) const;

  struct Release {
    void operator()(seccomp_notif* asked) const { ::seccomp_notify_free(asked, nullptr); }
    void operator()(seccomp_notif_resp* said) const { ::seccomp_notify_free(nullptr, said); }
  };
  Fd listener_;
  pid_t child_;
  std::vector<std::string> read_, write_, refused_;
  seccomp_notif_sizes sizes_{};
  std::unique_ptr<seccomp_notif, Release> asked_;
  std::unique_ptr<seccomp_notif_resp, Release> said_;
  bool begun_ = false;  ///< the program itself has been started: no other is
};

}  // namespace loa::process
