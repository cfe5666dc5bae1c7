#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "controller/authority/key_files.hpp"
#include "protocol/clock.hpp"
#include "protocol/refusal.hpp"

namespace loa::broadcast {

using authority::ControllerKeys;
using protocol::TimePoint;
using scheduler::Millis;

/// Signs with the working key that the key set allows for the type, the areas and the time; of several with the one whose dates begin
/// last, so that a new key is in use at once while what the one before signed still counts. Any thread.
class Signer {
 public:
  Signer(std::shared_ptr<const ControllerKeys> keys, const protocol::Clock& clock);

  /// The time to sign with: now. Refused as `stale` where the clock is behind the newest time signed: what was signed with a later
  /// time would win over it, so nothing is signed until the clock is right.
  protocol::Result<TimePoint> time() const;
  /// Who signs `type` for something in the last area of `areas` (the root first); key_not_allowed or key_dates where nobody may.
  protocol::Result<std::string> kid_for(protocol::MessageType type, const std::vector<std::string>& areas) const;
  /// A signed message of `json`, issued at `issued` (see time()).
  protocol::Result<std::string> sign(protocol::MessageType type, const std::vector<std::string>& areas, std::string_view json,
                                     TimePoint issued);
  /// The same for a plan, deflated first; too_large where it is.
  protocol::Result<std::string> sign_plan(const std::vector<std::string>& areas, std::string_view json, TimePoint issued);

  TimePoint newest() const;
  /// What the store remembers of an earlier run.
  void restore(TimePoint newest) { note(newest); }
  std::shared_ptr<const ControllerKeys> keys() const;
  void set_keys(std::shared_ptr<const ControllerKeys> keys);

 private:
  protocol::Result<const authority::WorkingKey*> find(const ControllerKeys& keys, protocol::MessageType type,
                                           const std::vector<std::string>& areas) const;
  void note(TimePoint issued);

  const protocol::Clock& x_clock;
  mutable std::mutex x_mutex;
  std::shared_ptr<const ControllerKeys> x_keys;
  TimePoint x_newest;
};

/// How far the clock may be behind what was signed before nothing is signed: issue times of one burst rise by a millisecond each.
inline constexpr Millis kClockTolerance{2000};

}  // namespace loa::broadcast
