#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "node-firmware/command_line.hpp"
#include "node-firmware/settings.hpp"

namespace loa::node {

/// What one probe found: that all is well and how one sees it, or what a person can do about it.
struct Finding {
  bool ok = false;
  std::string words;  ///< one line
};

/// One line of `loa-node check`.
struct Probe {
  std::string name;
  std::chrono::milliseconds limit;  ///< an answer after it is not waited for
  std::function<Finding()> look;    ///< on a thread of its own; what it throws is its finding
  std::string stuck;                ///< what to do where no answer came in time
};

/// Looks at each in its order and says each finding as it comes; true where every one is well. A probe that gives no answer in time is left
/// behind on its thread: `left_behind` then says true, and the process must end without waiting for threads.
bool examine(const std::vector<Probe>& probes, const std::function<void(const std::string& line)>& say, bool* left_behind = nullptr);

/// `loa-node check`: looks at everything that an installer must have right at the pole, one line each on standard output, and changes nothing of what the
/// node keeps. Answers the exit code, kExitOk only where all is well; does not return where a probe was left behind, but ends the process with it.
int check(const CommandLine& line, const Settings& settings);

}  // namespace loa::node
