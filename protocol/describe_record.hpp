#pragma once
#include "protocol/describe_plan.hpp"
#include "protocol/messages.hpp"
#include "scheduler/record.hpp"

namespace loa::protocol {

template <class Visitor, DescribedAs<scheduler::PlayRecord> T>
void describe(Visitor& visit, T& record) {
  visit("log_id", record.log_id, id());
  visit("number", record.number, Range{1, kRevision.high});
  visit("previous_hash", record.previous_hash, sha256());
  visit("occurrence_id", record.occurrence_id, occurrence_id_rule());
  visit("broadcast_id", record.broadcast_id, id_or_empty());
  visit("alert_id", record.alert_id, id_or_empty());
  visit("programme_id", record.programme_id, id_or_empty());
  visit("title", record.title, text(kMaxTitle));
  visit("legal_field", record.legal_field, text(kMaxWord));
  visit("language", record.language, language_tag());
  visit("class", record.cls);
  visit("origin", record.origin);
  visit("due", record.due);
  visit("started", record.started);
  visit("start_error_us", record.start_error_us, Range{-kRevision.high, kRevision.high});
  visit("heard_ms", record.heard_ms, kDurationMs);
  visit("planned_ms", record.planned_ms, kDurationMs);
  visit("clip_sha256", record.clip_sha256, sha256_or_empty());
  visit("volume", record.volume, kPercent);
  visit("level_dbfs", record.level_dbfs, kLevel);
  visit("level_kind", record.level_kind);
  visit("amplifier_dbfs", record.amplifier_dbfs, kLevel);
  visit("clock", record.clock);
  visit("clock_bound_ms", record.clock_bound_ms, kRevision);
  visit("outcome", record.outcome);
  visit("reason", record.reason, word());
  visit("interrupted_by", record.interrupted_by, occurrence_id_or_empty());
  visit("recorded", record.recorded);
}

/// Whether the records are all of one log and their numbers rise by one.
inline bool without_gaps(const LogBatch& batch) {
  for (std::size_t index = 0; index < batch.records.size(); ++index) {
    const auto& record = batch.records[index];
    if (record.log_id != batch.log_id) return false;
    if (record.number != batch.records.front().number + static_cast<std::int64_t>(index)) return false;
  }
  return true;
}

template <class Visitor, DescribedAs<LogBatch> T>
void describe(Visitor& visit, T& batch) {
  visit.format();
  visit.constant("aud", "controller");
  visit("node", batch.node, id());
  visit("iat", batch.issued);
  visit("log_id", batch.log_id, id());
  visit("records", batch.records, List<>{1, kMaxRecords});
  visit.must(without_gaps(batch), "records", "not all of this log with numbers that rise by one");
}

}  // namespace loa::protocol
