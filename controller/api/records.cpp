#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/word.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/play_records.hpp"

namespace loa::api {
namespace {

constexpr auto kLongest = std::chrono::hours(24 * 62);

void put(json::object& answer, const char* name, const std::string& text) {
  if (!text.empty()) answer[name] = text;
}

// What was to be heard: of a relay its stream, which came without TLS or with it.
void put_subject(json::object& answer, const std::string& id, bool plain_http) {
  if (!id.starts_with("st-")) return put(answer, "programme", id);
  answer["stream"] = id;
  answer["plain_http"] = plain_http;
}

json::object occurrence_answer(const store::OccurrenceRow& row) {
  const auto& expected = row.expected;
  json::object answer;
  answer["occurrence"] = expected.id;
  put(answer, "broadcast", expected.broadcast);
  put(answer, "alert", expected.alert);
  put_subject(answer, expected.programme, expected.plain_http);
  answer["title"] = expected.title;
  answer["class"] = scheduler::name_of(expected.cls);
  answer["due"] = time_text(expected.due);
  answer["duration_ms"] = expected.duration.count();
  answer["node"] = expected.node;
  answer["node_code"] = row.node_code;
  answer["node_name"] = row.node_name;
  answer["area"] = row.area;
  answer["status"] = name_of(row.status);
  put(answer, "reason", row.reason());
  if (row.record) {
    if (row.record->started) answer["started"] = time_text(*row.record->started);
    answer["heard_ms"] = row.record->heard_ms;
  }
  return answer;
}

json::object record_answer(const store::RecordView& view) {
  const auto& record = view.row.record;
  json::object answer;
  answer["node"] = view.row.node;
  answer["node_code"] = view.node_code;
  answer["node_name"] = view.node_name;
  put(answer, "area", view.area);
  answer["log_id"] = record.log_id;
  answer["number"] = record.number;
  answer["occurrence"] = record.occurrence_id;
  put(answer, "broadcast", record.broadcast_id);
  put(answer, "alert", record.alert_id);
  put_subject(answer, record.programme_id, view.plain_http);
  answer["title"] = record.title;
  put(answer, "legal_field", record.legal_field);
  put(answer, "language", record.language);
  answer["class"] = scheduler::name_of(record.cls);
  if (record.origin) answer["origin"] = origin(*record.origin);
  answer["due"] = time_text(record.due);
  if (record.started) answer["started"] = time_text(*record.started);
  if (record.start_error_us) answer["start_error_us"] = *record.start_error_us;
  answer["heard_ms"] = record.heard_ms;
  answer["planned_ms"] = record.planned_ms;
  put(answer, "clip_sha256", record.clip_sha256);
  answer["volume"] = record.volume;
  if (record.level_dbfs) answer["level_dbfs"] = *record.level_dbfs;
  answer["level_kind"] = scheduler::name_of(record.level_kind);
  if (record.amplifier_dbfs) answer["amplifier_dbfs"] = *record.amplifier_dbfs;
  answer["clock"] = scheduler::name_of(record.clock);
  if (record.clock_bound_ms) answer["clock_bound_ms"] = *record.clock_bound_ms;
  answer["outcome"] = scheduler::name_of(record.outcome);
  answer["reason"] = record.reason;
  put(answer, "interrupted_by", record.interrupted_by);
  answer["recorded_at"] = time_text(record.recorded);
  answer["received_at"] = time_text(view.row.received);
  return answer;
}

}  // namespace

Reply list_occurrences(StoreCall& call) {
  Query query(call.call.request);
  query.require("from");
  query.require("to");
  store::OccurrenceFilter filter;
  filter.from = query.time("from").value_or(store::TimePoint{});
  filter.until = query.time("to").value_or(store::TimePoint{});
  if (filter.until - filter.from > kLongest) query.fault("to", "is more than 62 days after `from`");
  const auto area = query.text("area");
  filter.node = query.text("node").value_or("");
  filter.broadcast = query.text("broadcast").value_or("");
  const auto page = query.page<store::TimePoint, std::string, std::string>("occurrences");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  filter.limit = page.fetch();
  filter.after = page.after;
  const auto key = [](const auto& row) { return std::tuple(row.expected.due, row.expected.node, row.expected.id); };
  return json_response(page_answer(store::list_occurrences(call.db, filter, call.call.now), page, key, occurrence_answer));
}

Reply list_play_records(StoreCall& call) {
  using scheduler::Outcome;
  Query query(call.call.request);
  store::RecordFilter filter;
  filter.from = query.time("from").value_or(store::TimePoint{});
  filter.until = query.time("to").value_or(call.call.now + std::chrono::hours(24));
  const auto area = query.text("area");
  filter.node = query.text("node").value_or("");
  filter.broadcast = query.text("broadcast").value_or("");
  filter.programme = query.text("programme").value_or("");
  filter.alert = query.text("alert").value_or("");
  filter.outcome = query.name<Outcome>("outcome", parse_word<Outcome, Outcome::cancelled>);
  const auto page = query.page<store::TimePoint, std::string, std::string, std::int64_t>("records");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  filter.limit = page.fetch();
  filter.after = page.after;
  const auto key = [](const auto& view) {
    return std::tuple(view.row.record.due, view.row.node, view.row.record.log_id, view.row.record.number);
  };
  return json_response(page_answer(store::list_records(call.db, filter), page, key, record_answer));
}

}  // namespace loa::api
