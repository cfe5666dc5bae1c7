#pragma once
#include <optional>
#include <string>
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
  std::string programme;
  std::string title;
  scheduler::Class cls = scheduler::Class::normal;
  TimePoint due;
  Millis duration{0};
};

/// How an occurrence stands. `unreported`: due and over, without the node's own record; counts as not heard.
enum class OccurrenceStatus { upcoming, due, sounding, played, partial, failed, skipped, cancelled, unreported };
const char* name_of(OccurrenceStatus status);

/// What is known of an unreported one.
enum class Known { nothing, not_reached, plan_not_held, node_gone };
const char* name_of(Known known);

/// One occurrence on one node, with the node's own record once there is one.
struct OccurrenceRow {
  Expected expected;
  std::string area;       ///< where the node stood
  std::string node_code;
  std::string node_name;
  OccurrenceStatus status = OccurrenceStatus::upcoming;
  Known known = Known::nothing;
  std::optional<scheduler::PlayRecord> record;
};

/// Replaces what `node` is expected to play from `now` on by what its new plan holds; what has begun or been recorded stays.
void expect_plan(Transaction& transaction, const scheduler::Plan& plan);
/// Adds the soundings of an alert for one node.
void expect(Transaction& transaction, const std::vector<Expected>& soundings);
/// Takes back what an alert would still have sounded after now, on every node.
void withdraw_alert(Transaction& transaction, const std::string& alert);

struct OccurrenceFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  TimePoint from;                  ///< due in [from, until)
  TimePoint until;
  std::string node;                ///< empty: any
  std::string broadcast;           ///< empty: any
  std::string alert;               ///< empty: any
  bool newest_first = false;
  int limit = 500;
  int offset = 0;
};
/// By due, then node, with the status at `now`.
std::vector<OccurrenceRow> list_occurrences(Session& session, const OccurrenceFilter& filter, TimePoint now);

}  // namespace loa::store
