#pragma once
#include "controller/store/columns.hpp"
#include "controller/store/play_records.hpp"

namespace loa::store::sql {

/// play_records, for the repositories that read it.
template <>
struct Fields<RecordRow> {
  static void visit(Columns& c, RecordRow& row) {
    auto& r = row.record;
    c("node", row.node);
    c("log_id", r.log_id);
    c("number", r.number);
    c("previous_hash", r.previous_hash);
    c("hash", row.hash);
    c("chain_ok", row.chain_ok);
    c("occurrence", r.occurrence_id);
    c("broadcast", r.broadcast_id);
    c("alert", r.alert_id);
    c("programme", r.programme_id);
    c("title", r.title);
    c("legal_field", r.legal_field);
    c("language", r.language);
    c("class", r.cls);
    origin_columns(c, r.origin);
    c("due", r.due);
    c("started", r.started);
    c("start_error_us", r.start_error_us);
    c("heard_ms", r.heard_ms);
    c("planned_ms", r.planned_ms);
    c("clip_sha256", r.clip_sha256);
    c("volume", r.volume);
    c("level_dbfs", r.level_dbfs);
    c("level_kind", r.level_kind);
    c("amplifier_dbfs", r.amplifier_dbfs);
    c("clock", r.clock);
    c("clock_bound_ms", r.clock_bound_ms);
    c("outcome", r.outcome);
    c("reason", r.reason);
    c("interrupted_by", r.interrupted_by);
    c("recorded", r.recorded);
    c("received", row.received);
  }
};

}  // namespace loa::store::sql
