#include "scheduler/preview.hpp"

#include <algorithm>
#include <map>

#include "scheduler/playhead.hpp"

namespace loa::scheduler {
namespace {

// So many ended occurrences are left in the plan before it is cleared of them: each look goes through all.
constexpr std::size_t kMostEnded = 32;

class Rehearsal {
 public:
  Rehearsal(const Plan& plan, TimePoint until) : plan_(plan) {
    std::erase_if(plan_.occurrences, [&](const Occurrence& o) { return o.due >= until; });
    history_.playable_by_default = true;
    for (const Occurrence& o : plan_.occurrences) {
      place_[o.id] = answer_.occurrences.size();
      answer_.occurrences.push_back({.occurrence_id = o.id, .due = o.due});
    }
  }

  void run(TimePoint from, TimePoint until, std::size_t most_steps) {
    std::optional<TimePoint> now = from;
    if (!plan_.occurrences.empty()) now = std::min(from, plan_.occurrences.front().due);
    for (; now && *now < until; now = at(&plan_, {}, history_, *now).wake) {
      if (most_steps-- == 0) {
        answer_.complete = false;
        return;
      }
      look(*now);
    }
  }

  Preview take() { return std::move(answer_); }

 private:
  void look(TimePoint now) {
    const Decision decision = at(&plan_, {}, history_, now);
    apply(history_, decision, now);
    for (const Ended& ended : decision.ended) end(ended, now);
    for (const Waiting& waiting : decision.waiting) wait(waiting);
    if (decision.sounding)
      if (auto& starts = foreseen(decision.sounding->occurrence_id).starts; !starts) starts = now;
    if (ended_ >= kMostEnded) forget_ended();
  }

  void end(const Ended& ended, TimePoint now) {
    Foreseen& known = foreseen(ended.occurrence_id);
    known.ends = now;
    known.outcome = ended.outcome;
    known.reason = ended.reason;
    known.interrupted |= ended.reason == "interrupted";
    if (!ended.by.empty()) known.by = ended.by;
    ++ended_;
  }

  void wait(const Waiting& waiting) {
    Foreseen& known = foreseen(waiting.occurrence_id);
    const OccurrenceHistory* history = history_.find(waiting.occurrence_id);
    if (history && history->interrupted) {
      known.interrupted = true;
      known.by = history->interrupted_by;
    } else if (!waiting.by.empty()) {
      known.by = waiting.by;
    }
  }

  void forget_ended() {
    const auto over = [&](const std::string& id) {
      const OccurrenceHistory* known = history_.find(id);
      return known && known->outcome;
    };
    std::erase_if(plan_.occurrences, [&](const Occurrence& o) { return over(o.id); });
    std::erase_if(history_.occurrences, [](const auto& entry) { return entry.second.outcome.has_value(); });
    ended_ = 0;
  }

  Foreseen& foreseen(const std::string& id) { return answer_.occurrences[place_.at(id)]; }

  Plan plan_;
  History history_;
  std::map<std::string, std::size_t> place_;
  std::size_t ended_ = 0;
  Preview answer_;
};

}  // namespace

Preview preview(const Plan& plan, TimePoint from, TimePoint until, std::size_t most_steps) {
  Rehearsal rehearsal(plan, until);
  rehearsal.run(from, until, most_steps);
  return rehearsal.take();
}

}  // namespace loa::scheduler
