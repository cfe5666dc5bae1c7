#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/broadcast/roster.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/topics.hpp"
#include "scheduler/alert.hpp"

namespace loa::broadcast {

/// A sounding that plans on the broker hold, as the former controller signed them.
struct FoundOccurrence {
  std::string id;
  std::string broadcast;
  std::string programme;
  std::string title;
  scheduler::Class cls = scheduler::Class::normal;
  TimePoint due;
  std::string area;             ///< of one of the nodes
  std::set<std::string> nodes;  ///< that hold it
};

/// What a controller on hold learns, from what the broker retains, of the time that its database does not know. Only what a key signed counts that
/// the highest root-signed key set seen lists and has not revoked. Bounded: beyond kMostOccurrences and kMostWaiting it says that it is not whole. On the loop.
class HoldFindings {
 public:
  HoldFindings(const Roster& roster, const protocol::PublicKey& root);

  /// The key set that the controller has; again where it has another.
  void use_keys(const std::string& key_set_jws);
  /// A retained message of the broker on a plan, alert or keys topic. Gives the signing time of what it now believes, if anything.
  std::optional<TimePoint> take(const protocol::Topic& topic, const std::string& packet);

  /// Number of the highest root-signed key set, and its bytes where it is above the controller's own.
  std::int64_t key_set() const { return x_ring.number(); }
  const std::optional<std::string>& higher_key_set() const { return x_higher; }
  const std::map<std::string, FoundOccurrence>& occurrences() const { return x_occurrences; }
  /// The newest snapshot of each area.
  const std::map<std::string, scheduler::AlertSnapshot>& alerts() const { return x_alerts; }
  bool whole() const { return x_whole; }

  static constexpr std::size_t kMostOccurrences = 20'000;
  static constexpr std::size_t kMostWaiting = 2'000;

 private:
  using Waiting = std::pair<protocol::Topic, std::string>;
  std::optional<TimePoint> take_keys(const std::string& packet);
  std::optional<TimePoint> believe(const protocol::Topic& topic, const std::string& packet);
  void take_plan(const std::string& node, const std::string& json);
  void take_alert(const std::string& area, const std::string& json);
  std::vector<std::string> chain_of(const protocol::Topic& topic) const;

  const Roster& x_roster;
  protocol::KeyRing x_ring;
  std::int64_t x_own = 0;
  std::optional<std::string> x_higher;
  std::vector<Waiting> x_waiting;  ///< signed by a key that no set seen so far lists
  std::map<std::string, FoundOccurrence> x_occurrences;
  std::map<std::string, scheduler::AlertSnapshot> x_alerts;
  bool x_whole = true;
};

}  // namespace loa::broadcast
