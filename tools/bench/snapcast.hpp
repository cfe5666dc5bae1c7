#pragma once
#include <string>
#include <vector>

namespace loa::bench {

/// Plays `beeps` beeps, one a second, through Debian's snapserver to two snapclients, each on a recorded device of this kind (TimedPcm); how far
/// apart each beep was heard, in ms. Throws std::runtime_error where snapcast is not installed or not heard.
std::vector<double> snapcast_apart(const std::string& device, int beeps);

}  // namespace loa::bench
