#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// A plan that was signed for a node; committed before it is published. The newest is the wanted one.
struct PlanRevision {
  std::string node;
  std::int64_t revision = 0;
  TimePoint made;
  TimePoint until;
  std::string content_hash;  ///< over everything but revision, made and window
  std::string packet_hash;   ///< SHA-256 (hex) of the signed bytes
};

/// What the broker must retain on a topic: exactly the bytes last signed.
struct Retained {
  std::string topic;
  std::int64_t revision = 0;
  std::string packet;  ///< JWS compact
  bool operator==(const Retained&) const = default;
};

/// Keeps a new wanted revision; false where it is not above the last.
bool put_plan_revision(Transaction& transaction, const PlanRevision& revision);
std::optional<PlanRevision> find_plan_revision(Session& session, const std::string& node);
/// The newest of each node.
std::vector<PlanRevision> list_plan_revisions(Session& session);
/// Notes that the node has been told of a higher revision (see design: at most a day ahead), so that the next is above it.
void raise_plan_revision(Transaction& transaction, const std::string& node, std::int64_t revision);
/// The higher of the last signed and the last raised; 0: none.
std::int64_t highest_plan_revision(Session& session, const std::string& node);

void put_retained(Transaction& transaction, const Retained& retained);
void drop_retained(Transaction& transaction, const std::string& topic);
std::vector<Retained> list_retained(Session& session);

/// A number that must only rise, such as the newest time signed; gives 0 where it was never set.
std::int64_t find_mark(Session& session, const std::string& name);
/// Raises it; a lower value changes nothing.
void raise_mark(Transaction& transaction, const std::string& name, std::int64_t value);

}  // namespace loa::store
