#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/node_clock.hpp"

namespace loa::node {

/// Areas for which a head named newer alerts than are held: a broker that loses or withholds a cancel is found out by the head, which
/// it cannot forge. Asks for what is retained again, and tells when what is held must not sound any more. Loop thread.
class AwaitedAlerts {
 public:
  /// A snapshot is published before the head that names it, so it is asked for soon; the pauses double up to kLongestPause.
  static constexpr std::chrono::seconds kFirstAsk{3};
  static constexpr std::chrono::minutes kLongestPause{5};
  /// For this long what is held goes on, so that a repeat is not cut by two messages that crossed.
  static constexpr std::chrono::seconds kPatience{10};

  /// A head named `named` for the area, of which `held` is held.
  void named(const std::string& area, std::int64_t named, std::int64_t held, Monotonic now);
  /// The area's newest came, or the node left the area.
  void forget(const std::string& area) { awaited_.erase(area); }
  /// Whoever named them does not count any more.
  void forget_all() { awaited_.clear(); }
  /// The session ended, or another attempt at one failed. Patience goes on with the next one where it stood: a broker that cuts sessions short cannot
  /// lengthen it, and a network that is down silences nothing.
  void pause(Monotonic now) { paused_ = paused_.value_or(now); }
  void resume(Monotonic now);

  /// Areas to subscribe to again now.
  std::vector<std::string> to_ask(Monotonic now);
  /// Areas whose patience has just ended, each told once, with the revision that was named.
  std::map<std::string, std::int64_t> overdue(Monotonic now);
  /// When the next of both is due; nothing between sessions.
  std::optional<Monotonic> next() const;

 private:
  struct Awaited {
    std::int64_t revision = 0;
    Monotonic ask{};
    std::chrono::nanoseconds pause{kFirstAsk};
    Monotonic deadline{};
    bool told = false;
  };
  std::map<std::string, Awaited> awaited_;
  std::optional<Monotonic> paused_;
};

}  // namespace loa::node
