#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "scheduler/time.hpp"

namespace loa::broadcast {

using scheduler::TimePoint;
using scheduler::Millis;

/// Areas whose alerts are to be signed. One that could not be signed is tried again by itself after kRetryAfter and keeps no other from its turn:
/// a branch without a working key must not silence a province. On the loop.
class AreasToSign {
 public:
  /// To be signed at once, also where it waits after a failure.
  void add(const std::string& area) { x_at_once.insert(area); }
  /// The same, but one that waits goes on waiting.
  void add_unless_failed(const std::string& area) {
    if (!x_failed.contains(area)) add(area);
  }
  /// Takes out the next that is due; nothing where none is. Whoever takes one says afterwards how it went: signed_now(), failed() or, where that
  /// says nothing of the area itself, add().
  std::optional<std::string> take(TimePoint now);
  void signed_now(const std::string& area) { x_failed.erase(area); }
  /// True where it had not failed for this reason before.
  bool failed(const std::string& area, const std::string& why, TimePoint now);

  /// What kept any from being signed may be gone: those that wait are due at once.
  void retry();
  bool is_due(TimePoint now) const;
  /// Whether none is left, not even one that waits.
  bool empty() const { return x_at_once.empty() && x_failed.empty(); }
  /// One sentence on an area that could not be signed; empty where there is none.
  std::string trouble() const;

  static constexpr Millis kRetryAfter{5000};

 private:
  struct Failed {
    TimePoint again_at;
    std::string why;
    // A clock that was set back does not make it wait longer.
    bool is_due(TimePoint now) const { return now >= again_at || again_at - now > kRetryAfter; }
  };
  std::set<std::string> x_at_once;
  std::map<std::string, Failed> x_failed;
};

}  // namespace loa::broadcast
