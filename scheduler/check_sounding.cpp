#include "scheduler/check_sounding.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "scheduler/make_plan.hpp"
#include "scheduler/playhead.hpp"
#include "scheduler/preview.hpp"

namespace loa::scheduler {
namespace {

std::string broadcast_in(const std::string& occurrence_id) {
  return occurrence_id.substr(0, occurrence_id.find('@'));
}

const char* message_of(const std::string& code) {
  if (code == "would_wait") return "another broadcast sounds when it is due: it starts late";
  if (code == "would_be_interrupted") return "a broadcast of a higher class interrupts it";
  if (code == "would_be_skipped") return "other broadcasts sound in all of its time: it is not heard";
  return "another broadcast would be heard later, in part or not at all because of it";
}

// Empty: it is simply heard on time.
const char* code_of(const Foreseen& seen) {
  if (seen.outcome && !seen.starts) return "would_be_skipped";
  if (seen.interrupted) return "would_be_interrupted";
  const bool late = seen.starts ? *seen.starts > seen.due + kJoinTolerance : !seen.by.empty();
  return late ? "would_wait" : "";
}

// What a node's plan depends on: those of one group get the same occurrences.
struct Group {
  const Place* place;
  std::vector<const Broadcast*> aimed;
  bool same_as(const Group& other) const {
    return aimed == other.aimed && place->policy == other.place->policy &&
           place->node.time_zone == other.place->node.time_zone;
  }
};

struct Groups {
  std::vector<Group> rehearsed;
  std::optional<Problem> left_out;
};

void leave_out(Groups& groups, const PlanNode& node) {
  if (groups.left_out)
    ++groups.left_out->count;
  else
    groups.left_out = Problem{.code = "not_rehearsed", .where = "/areas", .refuses = false};
  Problem& problem = *groups.left_out;
  if (problem.nodes.size() < kMostNamedNodes) problem.nodes.push_back(node.id);
  problem.message = "the days of " + std::to_string(problem.count) + " nodes were not rehearsed";
}

Groups groups_of(const Broadcast& wanted, const std::vector<Broadcast>& others, const std::vector<Place>& places) {
  Groups groups;
  auto& list = groups.rehearsed;
  for (const Place& place : places) {
    if (place.node.settings.mute || !aims_at(wanted, place.node)) continue;
    Group group{&place, {}};
    for (const Broadcast& other : others)
      if (other.id != wanted.id && aims_at(other, place.node)) group.aimed.push_back(&other);
    if (std::any_of(list.begin(), list.end(), [&](const Group& known) { return known.same_as(group); })) continue;
    if (list.size() < kMostRehearsed)
      list.push_back(std::move(group));
    else
      leave_out(groups, place.node);
  }
  return groups;
}

class Findings {
 public:
  Findings(const Broadcast& wanted, TimePoint now) : wanted_(wanted), from_(checked_from(wanted.when, now)) {}

  void rehearse(const Group& group) {
    std::vector<Broadcast> all{wanted_};
    for (const Broadcast* other : group.aimed) all.push_back(*other);
    const PlanNode& node = group.place->node;
    auto made = make_plan(all, node, group.place->policy, plan_window(from_, node.time_zone), from_, 1);
    if (!made.plan) return;
    const auto with = rehearsed(*made.plan);
    std::erase_if(made.plan->occurrences, [&](const Occurrence& o) { return o.broadcast_id == wanted_.id; });
    const auto without = rehearsed(*made.plan);
    for (const auto& [id, seen] : with) {
      if (broadcast_in(id) == wanted_.id) {
        if (const std::string code = code_of(seen); !code.empty()) say(code, seen, seen.by);
      } else if (const auto before = without.find(id); before != without.end() && disturbed(before->second, seen)) {
        say("would_disturb", seen, id);
      }
    }
  }

  std::vector<Problem> take() {
    std::vector<Problem> list;
    for (auto& [key, problem] : problems_) list.push_back(std::move(problem));
    return list;
  }

 private:
  std::map<std::string, Foreseen> rehearsed(const Plan& plan) const {
    std::map<std::string, Foreseen> by_id;
    for (auto& seen : preview(plan, from_, from_ + kSoundingAhead).occurrences)
      by_id.emplace(seen.occurrence_id, std::move(seen));
    return by_id;
  }

  // `by` alone is no harm: it may wait as long for another.
  static bool disturbed(const Foreseen& before, const Foreseen& after) {
    return before.starts != after.starts || before.ends != after.ends || before.outcome != after.outcome ||
           before.interrupted != after.interrupted;
  }

  void say(const std::string& code, const Foreseen& seen, const std::string& other) {
    if (!told_.emplace(code, seen.occurrence_id).second) return;
    const auto [known, is_new] = problems_.try_emplace({code, broadcast_in(other)});
    Problem& problem = known->second;
    if (!is_new) ++problem.count;
    if (!is_new && *problem.at <= seen.due) return;
    problem.code = code;
    problem.where = "/when/start";
    problem.message = message_of(code);
    problem.refuses = false;
    problem.at = seen.due;
    problem.other = other;
  }

  const Broadcast& wanted_;
  const TimePoint from_;
  std::set<std::pair<std::string, std::string>> told_;
  std::map<std::pair<std::string, std::string>, Problem> problems_;
};

}  // namespace

std::vector<Problem> check_sounding(const Broadcast& wanted, const std::vector<Broadcast>& others,
                                    const std::vector<Place>& places, TimePoint now) {
  Findings findings(wanted, now);
  Groups groups = groups_of(wanted, others, places);
  for (const Group& group : groups.rehearsed) findings.rehearse(group);
  auto problems = findings.take();
  if (groups.left_out) problems.push_back(std::move(*groups.left_out));
  return problems;
}

void add_sounding(std::vector<Problem>& problems, std::vector<Problem> sounding) {
  std::set<std::string> told;
  for (const Problem& problem : sounding) told.insert(broadcast_in(problem.other));
  std::erase_if(problems, [&](const Problem& problem) {
    return problem.code == "overlaps" && told.contains(broadcast_in(problem.other));
  });
  problems.insert(problems.end(), std::make_move_iterator(sounding.begin()), std::make_move_iterator(sounding.end()));
}

}  // namespace loa::scheduler
