#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"
#include "protocol/messages.hpp"

namespace loa::broadcast {

using protocol::TimePoint;
using scheduler::Millis;

/// Code of the refusals that mean that keys of a bundle were used after its board had asked for its own.
inline constexpr const char* kBundleUsedTwice = "bundle_used_twice";

/// What the loop knows of a live node.
struct KnownNode {
  store::Node node;
  std::vector<store::NodeKeys> keys;      ///< all that its board has had, oldest first; node.signing_key is of those in force
  std::vector<std::string> areas;         ///< its chain, the root first
  std::string time_zone;
  std::int64_t wanted = 0;                ///< revision of the plan last signed; 0: none
  TimePoint plan_made;
  std::optional<protocol::State> state;   ///< the newest that it signed
  TimePoint heard;                        ///< when that was said
  bool silence_told = false;
  std::string answered_nonce;             ///< the last that a head of this run answered
  TimePoint last_head;                    ///< issue times of heads must rise
  TimePoint last_ack;
  int resends = 0;
  std::optional<TimePoint> resend_at;     ///< it lacks what it should hold: when to say so again
  std::optional<TimePoint> lacks_since;   ///< see lacks_of; nothing while it lacks nothing

  /// Those in force; nothing where the store knows none.
  const store::NodeKeys* speaks_with() const {
    for (const auto& one : keys)
      if (one.serial == node.certificate_serial) return &one;
    return nullptr;
  }
  /// Whether its board has no keys of its own yet.
  bool speaks_bundled() const {
    const auto* one = speaks_with();
    return !one || one->bundled;
  }
  /// Whether it can be reached, by its own last word.
  bool is_there() const { return state && state->lifecycle != protocol::Lifecycle::gone; }
};

/// The nodes and areas that the controller speaks to. On the loop.
struct Roster {
  std::map<std::string, KnownNode> nodes;
  std::map<std::string, std::int64_t> alert_revisions;  ///< by area
  std::int64_t key_set = 0;

  KnownNode* find(const std::string& id) {
    const auto found = nodes.find(id);
    return found == nodes.end() ? nullptr : &found->second;
  }
  std::int64_t alert_revision(const std::string& area) const {
    const auto found = alert_revisions.find(area);
    return found == alert_revisions.end() ? 0 : found->second;
  }
};

}  // namespace loa::broadcast
