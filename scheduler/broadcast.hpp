#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scheduler/plan.hpp"
#include "scheduler/recurrence.hpp"

namespace loa::scheduler {

/// A programme + when + where + class, with everything an occurrence must carry; only approved content
/// belongs in here.
struct Broadcast {
  std::string id;
  std::string programme_id;
  std::string title;
  std::string legal_field;
  std::string language = "vi";  ///< BCP 47
  Class cls = Class::normal;    ///< normal or priority
  std::optional<Origin> origin;
  Recurrence when;
  std::vector<Item> items;
  std::vector<Item> substitutes;
  AfterInterrupt after_interrupt = AfterInterrupt::resume;
  LateRule late = LateRule::join;
  Millis late_limit{0};
  int volume = 100;                       ///< percent, 0..100
  std::vector<std::string> target_areas;  ///< area ids: each node whose chain holds one of them
  std::vector<std::string> target_nodes;  ///< node codes or node ids
  std::optional<TimePoint>
      cancelled_from;  ///< nothing that is due then or later sounds, nor what still sounds then
  std::vector<std::string> cancelled_occurrences;  ///< occurrence ids
  bool operator==(const Broadcast&) const = default;
};

/// What make_plan must know of a node.
struct PlanNode {
  std::string id;
  std::string code;
  std::vector<std::string> areas;  ///< its chain, the province first
  std::string time_zone = "Asia/Ho_Chi_Minh";
  WantedSettings settings;  ///< with the stock clips
  std::vector<std::string> brokers;
  std::vector<std::string> files;
  Fallback fallback;
  bool operator==(const PlanNode&) const = default;
};

/// Whether `broadcast` is aimed at `node`.
bool aims_at(const Broadcast& broadcast, const PlanNode& node);

/// Sum of the items' durations.
Millis duration_of(const std::vector<Item>& items);

/// Whether `occurrence` of `broadcast` was cancelled, alone or with all that follow: its id is listed, or it
/// would still sound at cancelled_from.
bool is_cancelled(const Broadcast& broadcast, const Occurrence& occurrence);

}  // namespace loa::scheduler
