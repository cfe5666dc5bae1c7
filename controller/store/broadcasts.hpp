#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/broadcast.hpp"

namespace loa::store {

/// A programme, or for a while a stream, + when + where + class, as the officer asked for it.
struct Broadcast {
  std::string id;            ///< `b-` + random
  std::string programme;     ///< empty where it is of a stream
  std::string stream;        ///< empty where it is of a programme
  Millis duration{0};        ///< how long a stream is relayed; 0 with a programme
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

/// False: it is not of just one of programme and stream, that one, an area or a node does not exist, the stream is retired, or the id is taken.
bool add_broadcast(Transaction& transaction, const Broadcast& broadcast);
/// True where it was there and not cancelled before.
bool cancel_broadcast(Transaction& transaction, const std::string& id, const std::string& reason);
/// Leaves out one occurrence; false: none such, it is not of this broadcast, or all is cancelled.
bool cancel_occurrence(Transaction& transaction, const std::string& broadcast, const std::string& occurrence);

std::optional<Broadcast> find_broadcast(Session& session, const std::string& id);
/// What make_plan takes: joined with the programme's texts and clip, or the stream's name and address, whatever their state. A relay's programme id is
/// the stream's.
std::optional<scheduler::Broadcast> to_scheduler(Session& session, const Broadcast& broadcast);

struct BroadcastFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  std::string programme;           ///< empty: any
  std::string stream;              ///< empty: any
  bool with_cancelled = true;
  int limit = 200;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this created and id
};
/// Newest first.
std::vector<Broadcast> list_broadcasts(Session& session, const BroadcastFilter& filter);
/// Those of a stream that are not cancelled, wherever they are, by id.
std::vector<Broadcast> list_relays(Session& session, const std::string& stream);
/// Why no plan holds a broadcast that is not cancelled: not_approved, or for a stream what held_back_by says; empty where plans hold it.
std::string held_back_by(Session& session, const Broadcast& broadcast);
/// Everything that plans are made of: broadcasts not cancelled whose programme or stream is approved now with exactly the
/// approved content, a stream without TLS only while that is allowed.
std::vector<scheduler::Broadcast> list_broadcasts_to_plan(Session& session);

}  // namespace loa::store
