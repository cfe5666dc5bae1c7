#include "node-firmware/history_store.hpp"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "protocol/codec.hpp"
#include "protocol/record_chain.hpp"

namespace loa::node {

namespace json = boost::json;
using scheduler::from_ms;
using scheduler::Millis;
using scheduler::OccurrenceHistory;
using scheduler::Outcome;
using scheduler::PlayRecord;
using scheduler::TimePoint;
using scheduler::to_ms;

namespace {

constexpr Millis kJitter{50};

std::string text_of(const OccurrenceHistory& known) {
  json::object all{{"heard_ms", known.heard.count()},      {"interrupted", known.interrupted},
                   {"interrupted_by", known.interrupted_by}, {"restarted", known.restarted},
                   {"partial_reason", known.partial_reason}, {"substituted", known.substituted},
                   {"held_by", known.held_by},               {"shifted_ms", known.shifted.count()}};
  if (known.owed) all["owed"] = true;
  if (known.substitute_from != Millis{0}) all["substitute_from"] = known.substitute_from.count();
  if (known.outcome) all["outcome"] = scheduler::name_of(*known.outcome);
  if (known.first_started) all["first_started"] = to_ms(*known.first_started);
  if (known.anchor) all["anchor"] = to_ms(*known.anchor);
  return json::serialize(all);
}

Outcome outcome_of(const std::string& name) {
  for (const auto outcome : {Outcome::played, Outcome::partial, Outcome::failed, Outcome::skipped, Outcome::cancelled})
    if (name == scheduler::name_of(outcome)) return outcome;
  throw DatabaseError("node.db: no outcome is called " + name);
}

OccurrenceHistory known_of(const std::string& text) {
  const auto all = json::parse(text).as_object();
  const auto word = [&all](const char* key) { return json::value_to<std::string>(all.at(key)); };
  OccurrenceHistory known;
  known.heard = Millis{all.at("heard_ms").as_int64()};
  known.interrupted = all.at("interrupted").as_bool();
  known.interrupted_by = word("interrupted_by");
  known.restarted = all.at("restarted").as_bool();
  known.partial_reason = word("partial_reason");
  known.substituted = static_cast<int>(all.at("substituted").as_int64());
  known.held_by = word("held_by");
  if (const auto* shifted = all.if_contains("shifted_ms")) known.shifted = Millis{shifted->as_int64()};
  known.owed = all.contains("owed");
  if (const auto* from = all.if_contains("substitute_from")) known.substitute_from = Millis{from->as_int64()};
  if (all.contains("outcome")) known.outcome = outcome_of(word("outcome"));
  if (const auto* at = all.if_contains("first_started")) known.first_started = from_ms(at->as_int64());
  if (const auto* at = all.if_contains("anchor")) known.anchor = from_ms(at->as_int64());
  return known;
}

// While something sounds its offset goes on with the clock: that alone is not worth a write to flash.
bool same_on_disk(const OccurrenceHistory& written, const OccurrenceHistory& known) {
  auto now = known;
  if (written.sounding() && known.sounding()) {
    now.heard = written.heard;
    if (std::chrono::abs(*known.anchor - *written.anchor) < kJitter) now.anchor = written.anchor;
  }
  return now == written;
}

}  // namespace

HistoryStore::HistoryStore(Database& database) : database_(database) {
  Statement rows(database_, "select id, known, draft from occurrences");
  while (rows.step()) {
    const auto id = rows.text(0);
    const auto known = known_of(rows.text(1));
    PlayRecord draft;
    if (const auto body = rows.text(2); !body.empty()) {
      auto read = protocol::decode_record(body);
      if (!read) throw DatabaseError("node.db: draft of " + id + " is damaged: " + read.error().message);
      draft = drafts_[id] = std::move(*read);
    }
    history_.occurrences[id] = known;
    written_[id] = {known, draft};
  }
  scheduler::mark_restarted(history_);
}

PlayRecord* HistoryStore::draft(const std::string& occurrence_id) {
  const auto found = drafts_.find(occurrence_id);
  return found == drafts_.end() ? nullptr : &found->second;
}

PlayRecord& HistoryStore::begin_draft(const std::string& occurrence_id, PlayRecord draft) {
  // Stand-ins, so that a draft is a record like any other to the codec; the log gives the real ones.
  draft.log_id = "log-draft";
  draft.number = 1;
  draft.previous_hash = protocol::first_previous_hash();
  return drafts_[occurrence_id] = std::move(draft);
}

void HistoryStore::write(const std::string& id, const OccurrenceHistory& known, TimePoint now) {
  const auto* kept = known.outcome ? nullptr : draft(id);  // an outcome's record is in the log, its draft is done with
  const auto body = kept ? protocol::encode(*kept) : std::string();
  Statement(database_, "insert or replace into occurrences (id, known, draft, changed) values (?, ?, ?, ?)")
      .bind(1, id).bind(2, text_of(known)).bind(3, body).bind(4, to_ms(now)).run();
  written_[id] = {known, kept ? *kept : PlayRecord{}};
  if (known.outcome) drafts_.erase(id);
}

void HistoryStore::save(TimePoint now, const std::set<std::string>& held_back) {
  for (const auto& [id, known] : history_.occurrences) {
    if (held_back.contains(id)) continue;
    const auto before = written_.find(id);
    const auto* kept = draft(id);
    const bool same = before != written_.end() && same_on_disk(before->second.known, known) &&
                      before->second.draft == (kept ? *kept : PlayRecord{});
    if (!same) write(id, known, now);
  }
  for (auto entry = written_.begin(); entry != written_.end();) {
    if (history_.occurrences.contains(entry->first)) {
      ++entry;
      continue;
    }
    Statement(database_, "delete from occurrences where id = ?").bind(1, entry->first).run();
    drafts_.erase(entry->first);
    entry = written_.erase(entry);
  }
}

bool HistoryStore::first_time(const std::string& id, TimePoint expires) {
  Statement known(database_, "select 1 from done_ids where id = ?");
  if (known.bind(1, id).step()) return false;
  Statement(database_, "insert into done_ids (id, expires) values (?, ?)").bind(1, id).bind(2, to_ms(expires)).run();
  return true;
}

void HistoryStore::forget_orders(TimePoint now) {
  Statement(database_, "delete from done_ids where expires < ?").bind(1, to_ms(now - std::chrono::hours(24))).run();
}

}  // namespace loa::node
