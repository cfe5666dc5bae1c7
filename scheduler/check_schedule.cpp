#include <algorithm>
#include <map>
#include <set>

#include "scheduler/make_plan.hpp"
#include "scheduler/occurrences.hpp"
#include "scheduler/policy.hpp"

namespace loa::scheduler {
namespace {

using namespace std::chrono;

constexpr std::size_t kComingShown = 50;
constexpr std::size_t kMostInAYear = 5000;
constexpr days kFarthestStart{5 * 366};

std::string message_of(const std::string& code) {
  static const std::map<std::string, std::string> kMessages = {
      {"outside_window", "not wholly inside the hours in which this area allows broadcasts"},
      {"quota_sessions", "more sessions a day than this area allows"},
      {"quota_minutes", "a session, with what sounds right before or after, longer than this area allows"},
  };
  return kMessages.at(code);
}

std::string class_message(Class wanted, Class other) {
  if (wanted == other)
    return "another broadcast of the same class sounds then: the earlier goes on, the later waits";
  return wanted > other ? "takes time from a broadcast of a lower class"
                        : "a broadcast of a higher class takes time from it";
}

class Check {
 public:
  Check(const Broadcast& wanted, const std::vector<Broadcast>& others, TimePoint now)
      : wanted_(wanted), now_(now), looks_from_(checked_from(wanted.when, now)) {
    window_ = plan_window(looks_from_, wanted.when.zone);
    const TimePoint from = sessions_from(looks_from_, wanted.when.zone);
    auto mine = occurrences_of(wanted, from, window_.until, kMaxPlanOccurrences + 1);
    wanted_list_ = std::move(mine.list);
    if (!mine.complete || wanted_list_.size() > kMaxPlanOccurrences)
      say({.code = "too_many",
           .where = "/when",
           .message = "more than " + std::to_string(kMaxPlanOccurrences) + " times in 16 days"});
    for (const Broadcast& other : others)
      if (other.id != wanted.id)
        others_.push_back({&other, occurrences_of(other, from, window_.until, 2 * kMaxPlanOccurrences)});
  }

  void times(bool new_start) {
    const auto& when = wanted_.when;
    if (new_start)
      if (const auto past = expand(when, TimePoint{}, now_, 1).times; !past.empty())
        say({.code = "past_start",
             .where = "/when/start",
             .message = "the first time is already past",
             .at = past.front().before});
    for (const Resolved& time : expand(when, now_, now_ + days{366}, kMostInAYear).times) {
      if (time.kind == LocalKind::nonexistent)
        say({.code = "nonexistent_local_time",
             .where = "/when",
             .message = "clocks go forward over " + to_text(time.local) + ": it sounds later by the jump",
             .refuses = false,
             .at = time.before});
      if (time.kind == LocalKind::ambiguous)
        say({.code = "ambiguous_local_time",
             .where = "/when",
             .message = "clocks go back over " + to_text(time.local) + ": it sounds the first time",
             .refuses = false,
             .at = time.before});
    }
  }

  void length(const std::vector<const Place*>& places) {
    const Millis duration = duration_of(wanted_.items);
    if (duration <= Millis{0})
      say({.code = "no_items", .where = "/items", .message = "there is nothing to be heard"});
    Millis longest = hours{24};
    for (const Place* place : places)
      if (place->policy.max_session_minutes)
        longest = std::min<Millis>(longest, minutes{*place->policy.max_session_minutes});
    if (duration > longest)
      say({.code = "too_long",
           .where = "/items",
           .message = "longer than the " + std::to_string(duration_cast<minutes>(longest).count()) +
                      " minutes allowed"});
  }

  void place(const Place& place) {
    std::vector<Occurrence> before, after;
    bool complete = true;
    for (const auto& [other, made] : others_) {
      if (!aims_at(*other, place.node)) continue;
      complete &= made.complete || check(other->when);  // what is refused enters no plan
      before.insert(before.end(), made.list.begin(), made.list.end());
      for (const Occurrence& o : made.list) overlap(o);
    }
    after = before;
    after.insert(after.end(), wanted_list_.begin(), wanted_list_.end());
    sort_by_due(before);
    sort_by_due(after);
    std::set<std::string> known;
    for (const Veto& veto : vetoes(place.policy, before, place.node.time_zone))
      known.insert(veto.occurrence_id);
    std::set<std::string> out;
    for (const Veto& veto : vetoes(place.policy, after, place.node.time_zone)) {
      veto_new(veto, known);
      out.insert(veto.occurrence_id);
    }
    if (!complete || !fits(after, out)) say_full(place.node);
  }

  ScheduleCheck take() {
    ScheduleCheck answer;
    for (auto& [key, problem] : problems_) answer.problems.push_back(std::move(problem));
    std::stable_sort(answer.problems.begin(), answer.problems.end(),
                     [](const auto& a, const auto& b) { return a.refuses > b.refuses; });
    for (const Occurrence& o : wanted_list_) {
      if (o.due < now_ || answer.coming.size() == kComingShown) continue;
      answer.coming.push_back({to_local(o.due, wanted_.when.zone), o.due, o.end()});
    }
    return answer;
  }

 private:
  void say(Problem problem) {
    const std::string broadcast = problem.other.substr(0, problem.other.find('@'));
    const auto [known, is_new] = problems_.try_emplace({problem.code, broadcast}, problem);
    if (is_new) return;
    ++known->second.count;
    if (problem.at && known->second.at && *problem.at < *known->second.at) {
      known->second.at = problem.at;
      known->second.other = problem.other;
    }
  }

  // By make_plan's own measure (in the schedule's zone: a node in another has some hours more or less).
  bool fits(const std::vector<Occurrence>& all, const std::set<std::string>& out) const {
    if (all.size() > 2 * kMaxPlanOccurrences) return false;
    const auto in_plan = [&](const Occurrence& o) { return o.end() > looks_from_ && !out.contains(o.id); };
    return std::count_if(all.begin(), all.end(), in_plan) <= static_cast<std::ptrdiff_t>(kMaxPlanOccurrences);
  }

  void say_full(const PlanNode& node) {
    say({.code = "plan_full", .where = "/when"});
    Problem& problem = problems_.at({"plan_full", ""});
    if (problem.nodes.size() < kMostNamedNodes) problem.nodes.push_back(node.id);
    problem.message = "the plans of " + std::to_string(problem.count) + " nodes would hold more than the " +
                      std::to_string(kMaxPlanOccurrences) + " occurrences that a plan takes";
  }

  void overlap(const Occurrence& other) {
    auto mine =
        std::lower_bound(wanted_list_.begin(), wanted_list_.end(), other.due - duration_of(wanted_.items),
                         [](const Occurrence& o, TimePoint t) { return o.due <= t; });
    for (; mine != wanted_list_.end() && mine->due < other.end(); ++mine)
      if (mine->end() > now_ && other.end() > now_)
        say({.code = "overlaps",
             .where = "/when",
             .message = class_message(wanted_.cls, other.cls),
             .refuses = false,
             .at = mine->due,
             .other = other.id});
  }

  void veto_new(const Veto& veto, const std::set<std::string>& known) {
    if (known.contains(veto.occurrence_id) || veto.due < now_) return;
    const bool mine = veto.occurrence_id.starts_with(wanted_.id + "@");
    Problem problem{.code = veto.code, .where = "/when", .message = message_of(veto.code), .at = veto.due};
    if (!mine) {
      problem.other = veto.occurrence_id;
      problem.message = "it would take another broadcast out of the plan: " + problem.message;
    }
    say(std::move(problem));
  }

  const Broadcast& wanted_;
  const TimePoint now_;
  const TimePoint looks_from_;
  PlanWindow window_;
  std::vector<Occurrence> wanted_list_;
  std::vector<std::pair<const Broadcast*, BroadcastOccurrences>> others_;
  std::map<std::pair<std::string, std::string>, Problem> problems_;
};

}  // namespace

bool ScheduleCheck::refused() const {
  return std::any_of(problems.begin(), problems.end(), [](const Problem& p) { return p.refuses; });
}

TimePoint checked_from(const Recurrence& when, TimePoint now) {
  const auto first = expand(when, now, now + kFarthestStart, 1).times;
  return first.empty() ? now : std::max(now, first.front().before - days{1});  // what sounds then may have begun long before
}

ScheduleCheck check_schedule(const Broadcast& wanted, const std::vector<Broadcast>& others,
                             const std::vector<Place>& places, TimePoint now, bool new_start) {
  if (auto why = check(wanted.when)) {
    why->where = "/when" + why->where;
    return {{*why}, {}};
  }
  std::vector<const Place*> aimed;
  for (const Place& place : places)
    if (aims_at(wanted, place.node)) aimed.push_back(&place);
  Check check(wanted, others, now);
  check.times(new_start);
  check.length(aimed);
  for (const Place* place : aimed) check.place(*place);
  ScheduleCheck answer = check.take();
  if (aimed.empty())
    answer.problems.insert(
        answer.problems.begin(),
        {.code = "no_nodes", .where = "/targets", .message = "there is no node in what is aimed at"});
  return answer;
}

}  // namespace loa::scheduler
