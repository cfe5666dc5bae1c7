#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/broadcast.hpp"

namespace loa::store {

/// A programme + when + where + class, as the officer asked for it.
struct Broadcast {
  std::string id;            ///< `b-` + random
  std::string programme;
  std::string area;          ///< whose it is: rights follow it
  std::vector<std::string> areas;  ///< where: every node below these,
  std::vector<std::string> nodes;  ///< and these, by node id
  std::vector<std::string> substitutes;  ///< programmes that sound in this order where its own clip cannot
  scheduler::Class cls = scheduler::Class::normal;
  scheduler::Recurrence when;
  int volume = 100;
  scheduler::AfterInterrupt after_interrupt = scheduler::AfterInterrupt::resume;
  scheduler::LateRule late = scheduler::LateRule::join;
  Millis late_limit{0};
  std::vector<std::string> cancelled_occurrences;  ///< occurrence ids
  std::string creator;
  TimePoint created;
  std::optional<TimePoint> cancelled;  ///< nothing sounds from then on
  std::string cancelled_by;
  std::string cancel_reason;
  bool operator==(const Broadcast&) const = default;
};

/// False: the programme, an area or a node does not exist, or the id is taken.
bool add_broadcast(Transaction& transaction, const Broadcast& broadcast);
/// True where it was there and not cancelled before.
bool cancel_broadcast(Transaction& transaction, const std::string& id, const std::string& reason);
/// Leaves out one occurrence; false: none such, it is not of this broadcast, or all is cancelled.
bool cancel_occurrence(Transaction& transaction, const std::string& broadcast, const std::string& occurrence);

std::optional<Broadcast> find_broadcast(Session& session, const std::string& id);
/// What make_plan takes: joined with the programme's texts and clip, whatever the programme's state.
std::optional<scheduler::Broadcast> to_scheduler(Session& session, const Broadcast& broadcast);

struct BroadcastFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  std::string programme;           ///< empty: any
  bool with_cancelled = true;
  int limit = 200;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this created and id
};
/// Newest first.
std::vector<Broadcast> list_broadcasts(Session& session, const BroadcastFilter& filter);
/// Everything that plans are made of: broadcasts not cancelled whose programme is approved now with exactly the
/// approved content.
std::vector<scheduler::Broadcast> list_broadcasts_to_plan(Session& session);

}  // namespace loa::store
