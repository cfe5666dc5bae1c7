#include "node-firmware/record_maker.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace loa::node {

using scheduler::Class;
using scheduler::Outcome;
using scheduler::PlayRecord;

namespace {

constexpr std::int64_t kShortMs = 1000;
constexpr double kSilentDbfs = -90.0;
constexpr std::int64_t kMeasurableMs = 2000;  // of what is heard for longer the player says a level

int repeat_of(const std::string& occurrence_id) {
  int repeat = 1;
  const auto dot = occurrence_id.rfind('.');
  if (dot == std::string::npos) return repeat;
  std::from_chars(occurrence_id.data() + dot + 1, occurrence_id.data() + occurrence_id.size(), repeat);
  return std::max(repeat, 1);
}

}  // namespace

PlayRecord draft_of(const scheduler::Occurrence& occurrence) {
  PlayRecord record;
  record.occurrence_id = occurrence.id;
  record.broadcast_id = occurrence.broadcast_id;
  record.programme_id = occurrence.programme_id;
  record.title = occurrence.title;
  record.legal_field = occurrence.legal_field;
  record.language = occurrence.language;
  record.cls = occurrence.cls;
  record.origin = occurrence.origin;
  record.due = occurrence.due;
  for (const auto& item : occurrence.items)
    if (item.kind != scheduler::ItemKind::pause) record.planned_ms += item.duration.count();
  record.recorded = occurrence.due;
  return record;
}

PlayRecord draft_of(const scheduler::Alert& alert, const std::string& occurrence_id) {
  PlayRecord record;
  record.occurrence_id = occurrence_id;
  record.alert_id = alert.id;
  record.title = alert.title;
  record.language = alert.language;
  record.cls = Class::emergency;
  record.origin = alert.origin;
  record.due = alert.sent + (repeat_of(occurrence_id) - 1) * alert.repeat_every;
  record.planned_ms = alert.clip ? alert.clip->duration.count() : 0;
  record.recorded = record.due;
  return record;
}

PlayRecord draft_for(const std::string& occurrence_id, const std::string& alert_id, const scheduler::Plan* plan,
                     const std::vector<scheduler::Alert>& alerts) {
  for (const auto& alert : alerts)
    if (!alert_id.empty() && alert.id == alert_id) return draft_of(alert, occurrence_id);
  if (plan)
    for (const auto& occurrence : plan->occurrences)
      if (occurrence.id == occurrence_id) return draft_of(occurrence);
  PlayRecord record;
  record.occurrence_id = occurrence_id;
  record.alert_id = alert_id;
  if (!alert_id.empty()) record.cls = Class::emergency;
  return record;
}

void add_heard(PlayRecord& draft, std::int64_t before_ms, std::int64_t heard_ms, std::optional<double> level_dbfs) {
  const auto others_ms = std::max<std::int64_t>(0, draft.heard_ms - before_ms);
  draft.heard_ms = others_ms + heard_ms;
  if (!level_dbfs || heard_ms <= 0) return;
  if (!draft.level_dbfs || others_ms <= 0) {
    draft.level_dbfs = level_dbfs;
    return;
  }
  const auto power = [](double db) { return std::pow(10.0, db / 10.0); };
  const auto sum = power(*draft.level_dbfs) * static_cast<double>(others_ms) + power(*level_dbfs) * static_cast<double>(heard_ms);
  draft.level_dbfs = 10.0 * std::log10(sum / static_cast<double>(draft.heard_ms));
}

PlayRecord final_record(PlayRecord draft, const scheduler::Ended& ended, const scheduler::OccurrenceHistory* known,
                        const std::string& fault) {
  auto& record = draft;
  record.outcome = ended.outcome;
  record.reason = ended.reason;
  record.interrupted_by = !ended.by.empty() ? ended.by : known ? known->interrupted_by : std::string();
  const bool general = ended.reason == "not_playable" || ended.reason == "not_fetched";
  if (general && !fault.empty()) record.reason = fault;
  if (record.outcome == Outcome::partial && record.heard_ms == 0 && general) record.outcome = Outcome::failed;
  const bool cut_short = record.heard_ms + kShortMs < record.planned_ms;
  if (record.outcome == Outcome::played && cut_short) {
    record.outcome = record.heard_ms > 0 ? Outcome::partial : Outcome::failed;
    record.reason = fault.empty() ? "short" : fault;
  }
  // Where a fault or a restart says why no level came, it is not silence.
  const bool explained = !fault.empty() || record.reason == "restarted" || (known && known->restarted);
  const bool unmeasured = !record.level_dbfs && record.heard_ms >= kMeasurableMs && !explained;
  const bool silent = unmeasured || (record.level_dbfs && record.heard_ms > 0 && *record.level_dbfs <= kSilentDbfs);
  if ((record.outcome == Outcome::played || record.outcome == Outcome::partial) && record.volume > 0 && silent) {
    record.outcome = Outcome::failed;
    record.reason = "silent";
  }
  return draft;
}

}  // namespace loa::node
