#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/record.hpp"

namespace loa::store {

/// What published plans and alerts told a node to play.
struct Expected {
  std::string id;  ///< occurrence id
  std::string node;
  std::string broadcast;  ///< empty for an alert's
  std::string alert;      ///< empty for a broadcast's
  std::string programme;  ///< of a relay its stream
  std::string title;
  scheduler::Class cls = scheduler::Class::normal;
  TimePoint due;
  Millis duration{0};
  std::int64_t revision = 0;  ///< of the first plan that held it; 0 for an alert's
  std::string veto;           ///< the policy's word that keeps it out of the plan, else empty
  bool plain_http = false;    ///< a relay that comes without TLS
};

/// How an occurrence stands. `unreported`: due, and neither the node's record nor its state tells of it; counts as not heard.
enum class OccurrenceStatus { waiting, playing, played, partial, failed, skipped, cancelled, unreported };
const char* name_of(OccurrenceStatus status);

/// How long after its due time a node may stay silent before an occurrence is called unreported.
inline constexpr Millis kReportGrace = std::chrono::seconds(60);

/// What is known of an unreported one.
enum class Known { nothing, not_reached, plan_not_held, node_gone };
const char* name_of(Known known);

/// One occurrence on one node, with the node's own record once there is one.
struct OccurrenceRow {
  Expected expected;
  std::string area;       ///< where the node stood
  std::string node_code;
  std::string node_name;
  OccurrenceStatus status = OccurrenceStatus::waiting;
  Known known = Known::nothing;
  std::optional<scheduler::PlayRecord> record;
  /// The record's reason, the veto, or for `unreported` what is known; empty where there is none.
  std::string reason() const;
};

/// Replaces what `node` is expected to play after now by `expected`; what is due already or has a record stays.
void expect_plan(Transaction& transaction, const std::string& node, const std::vector<Expected>& expected);
/// Adds one sounding of an alert for each node at or below `area`; `sounding.node` is not looked at. Gives the number of nodes.
std::int64_t expect_below(Transaction& transaction, const std::string& area, const Expected& sounding);
/// Takes back what an alert would still have sounded after now, on every node.
void withdraw_alert(Transaction& transaction, const std::string& alert);

struct OccurrenceFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  TimePoint from;                  ///< due in [from, until)
  TimePoint until;
  std::string node;                ///< of its place, former boards too; empty: any
  std::string broadcast;           ///< empty: any
  std::string alert;               ///< empty: any
  bool newest_first = false;
  int limit = 500;
  std::optional<std::tuple<TimePoint, std::string, std::string>> after;  ///< begins behind the row with this due, node and id
};
/// By due, then node, with the status at `now`.
std::vector<OccurrenceRow> list_occurrences(Session& session, const OccurrenceFilter& filter, TimePoint now);

}  // namespace loa::store
