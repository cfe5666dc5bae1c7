#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/plan.hpp"

namespace loa::store {

/// A programme + when + where + class, as the officer asked for it. Times of the rule are local in `time_zone`.
struct Broadcast {
  std::string id;            ///< `b-` + random
  std::string programme;
  std::string area;          ///< whose it is: rights follow it
  std::vector<std::string> areas;  ///< where: every node below these,
  std::vector<std::string> nodes;  ///< and these
  scheduler::Class cls = scheduler::Class::normal;
  std::string start;         ///< local date-time `2026-11-24T06:00:00`
  std::string time_zone = "Asia/Ho_Chi_Minh";
  std::string rrule;         ///< RFC 5545 RRULE value, empty: once
  std::vector<std::string> exdates;  ///< local date-times left out
  std::vector<std::string> rdates;   ///< local date-times added
  int volume = 100;
  scheduler::AfterInterrupt after_interrupt = scheduler::AfterInterrupt::resume;
  scheduler::LateRule late = scheduler::LateRule::join;
  Millis late_limit{0};
  std::string creator;
  TimePoint created;
  std::optional<TimePoint> cancelled;
  std::string cancelled_by;
  std::string cancel_reason;
  bool operator==(const Broadcast&) const = default;
};

/// False: the programme, an area or a node does not exist, or the id is taken.
bool add_broadcast(Transaction& transaction, const Broadcast& broadcast);
/// True where it was there and not cancelled before.
bool cancel_broadcast(Transaction& transaction, const std::string& id, const std::string& reason);
/// Leaves out the occurrence that starts at this local date-time; false: none such, or cancelled.
bool add_exdate(Transaction& transaction, const std::string& id, const std::string& local_start);

std::optional<Broadcast> find_broadcast(Session& session, const std::string& id);
/// Those of `roots`' branches, newest first; cancelled ones only where asked for.
std::vector<Broadcast> list_broadcasts(Session& session, const std::vector<std::string>& roots, bool with_cancelled,
                                       int limit = 200);
/// Those not cancelled whose programme is approved now, with exactly the approved content.
std::vector<Broadcast> list_broadcasts_to_plan(Session& session);

}  // namespace loa::store
