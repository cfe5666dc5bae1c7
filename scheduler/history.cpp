#include "scheduler/history.hpp"

#include <algorithm>

#include "scheduler/playhead.hpp"
#include "scheduler/succession.hpp"

namespace loa::scheduler {
namespace {

void begin(OccurrenceHistory& known, const Sounding& sounding, TimePoint now) {
  const Millis offset = sounding.occurrence_offset;
  const auto miss = [&](const char* reason) {
    if (known.partial_reason.empty()) known.partial_reason = reason;
  };
  const bool alert = !sounding.alert_id.empty();
  if (!known.first_started) {
    known.first_started = now;
    if (offset > kJoinTolerance && !alert) miss("late");
  } else if (known.interrupted) {
    if (offset == Millis{0})
      known.partial_reason.clear();
    else if (offset > known.heard + kJoinTolerance && !alert)
      miss("interrupted");
  } else if (known.anchor && offset > std::max(now - *known.anchor, Millis{0})) {
    miss("not_playable");
  }
  if (sounding.substitute && !alert) miss("substituted");
  known.anchor = now - offset;
  known.heard = offset;
  known.interrupted = false;
  known.held_by.clear();
  known.owed = sounding.owed;
  if (sounding.substitute) known.substitute_from = sounding.rung_from;
  if (!sounding.owed) known.substituted = sounding.substitute ? static_cast<int>(sounding.item_index) : -1;
}

void interrupt(OccurrenceHistory& known, const std::string& by, TimePoint now) {
  known.heard = std::max(now - *known.anchor, Millis{0});
  known.interrupted = true;
  known.interrupted_by = by;
}

// Its stock words were heard to their end: what sounds now did not cut them.
void owe(OccurrenceHistory& known) {
  if (!known.owed) known.interrupted_by.clear();
  known.owed = true;
}

// The time that an id of a broadcast's occurrence carries.
std::optional<TimePoint> time_in(const std::string& occurrence_id) {
  const auto sign = occurrence_id.rfind('@');
  if (sign == std::string::npos) return {};
  return parse_basic(std::string_view{occurrence_id}.substr(sign + 1));
}

}  // namespace

bool History::is_playable(const std::string& key) const {
  const auto found = playable.find(key);
  return found == playable.end() ? playable_by_default : found->second;
}

const OccurrenceHistory* History::find(const std::string& occurrence_id) const {
  const auto found = occurrences.find(occurrence_id);
  return found == occurrences.end() ? nullptr : &found->second;
}

void mark_restarted(History& history) {
  for (auto& [id, known] : history.occurrences) {
    if (!known.sounding()) continue;
    known.restarted = true;
    if (known.partial_reason.empty()) known.partial_reason = "restarted";
  }
}

void shift_clock(OccurrenceHistory& known, Millis step) {
  if (!known.open() || !known.anchor) return;
  *known.anchor += step;
  known.shifted += step;
}

void shift_clock(History& history, Millis step) {
  for (auto& [id, known] : history.occurrences) shift_clock(known, step);
}

void step_clock(History& history, const Plan* plan, TimePoint before, Millis step) {
  shift_clock(history, step);
  if (!plan) return;
  const TimePoint after = before + step;
  for (const Occurrence& occurrence : plan->occurrences) {
    const OccurrenceHistory* known = history.find(occurrence.id);
    if (known && (known->outcome || known->first_started)) continue;
    const bool passed = before < occurrence.due && occurrence.due <= after;
    const bool taken_back = known && known->stepped_over && occurrence.due > after;
    if (passed || taken_back) history.occurrences[occurrence.id].stepped_over = passed;
  }
}

void note(History& history, const Ended& ended) {
  OccurrenceHistory& known = history.occurrences[ended.occurrence_id];
  if (known.outcome) return;
  known.outcome = ended.outcome;
  if (known.partial_reason.empty()) known.partial_reason = ended.reason;
}

void apply(History& history, const Decision& decision, TimePoint now) {
  for (const Ended& ended : decision.ended) {
    OccurrenceHistory& known = history.occurrences[ended.occurrence_id];
    if (known.sounding()) known.heard = std::max(now - *known.anchor, Millis{0});
    if (known.sounding() && decision.sounding && ended.reason == "interrupted")
      known.interrupted_by = decision.sounding->occurrence_id;
    note(history, ended);
  }
  const std::string current = decision.sounding ? decision.sounding->occurrence_id : std::string{};
  for (auto& [id, known] : history.occurrences)
    if (known.sounding() && id != current) interrupt(known, current, now);
  if (decision.sounding) begin(history.occurrences[current], *decision.sounding, now);
  for (const Waiting& waiting : decision.waiting) {
    if (waiting.owed) owe(history.occurrences[waiting.occurrence_id]);
    if (waiting.by.empty() && !waiting.of_alert) continue;
    OccurrenceHistory& known = history.occurrences[waiting.occurrence_id];
    if (!known.first_started && !waiting.by.empty()) known.held_by = waiting.by;
  }
}

void prune(History& history, const Plan* plan, const std::vector<Alert>& alerts, TimePoint now, Millis keep) {
  const auto planned = [&](const std::string& id) {
    return plan && std::any_of(plan->occurrences.begin(), plan->occurrences.end(),
                               [&](const Occurrence& o) { return o.id == id; });
  };
  const auto of_alert = [&](const std::string& id) {
    return std::any_of(alerts.begin(), alerts.end(),
                       [&](const Alert& a) { return id.starts_with(a.id + "."); });
  };
  std::erase_if(history.occurrences, [&](const auto& entry) {
    const auto& [id, known] = entry;
    if (known.open()) return false;
    const auto time = time_in(id);
    if (!time && !known.first_started) return !of_alert(id);
    if (time.value_or(known.first_started.value_or(now)) > now - keep) return false;
    return !planned(id) && !of_alert(id);
  });
}

}  // namespace loa::scheduler
