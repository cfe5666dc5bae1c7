#include "node-firmware/history_store.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>

#include "protocol/codec.hpp"
#include "protocol/enum_names.hpp"
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
constexpr std::int64_t kFirstProgressMs = 10'000;
constexpr std::int64_t kLastProgressMs = 60'000;
constexpr std::size_t kMostOrders = 256;

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
  if (const auto outcome = protocol::enum_from_name<Outcome>(name)) return *outcome;
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

HistoryStore::HistoryStore(Database& database) : database_(database), new_(database.is_new()) {
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

// An outcome's record is in the log, its draft is done with.
PlayRecord HistoryStore::kept_draft(const std::string& id, const OccurrenceHistory& known) const {
  const auto found = drafts_.find(id);
  return known.outcome || found == drafts_.end() ? PlayRecord{} : found->second;
}

bool HistoryStore::differs(const std::string& id, const OccurrenceHistory& known, bool all) const {
  const auto before = written_.find(id);
  if (before == written_.end()) return true;
  auto draft = kept_draft(id, known);
  const auto& then = before->second.draft;
  const auto step = std::clamp(then.heard_ms, kFirstProgressMs, kLastProgressMs);
  if (!all && known.sounding() && draft.heard_ms < then.heard_ms + step) {
    draft.heard_ms = then.heard_ms;
    draft.level_dbfs = then.level_dbfs;
  }
  return draft != then || !same_on_disk(before->second.known, known);
}

bool HistoryStore::changed(const std::set<std::string>& held_back, bool all) const {
  if (!orders_.empty() || (new_ && settled_)) return true;
  for (const auto& [id, known] : history_.occurrences)
    if (!held_back.contains(id) && differs(id, known, all)) return true;
  return std::any_of(written_.begin(), written_.end(), [this](const auto& entry) { return !history_.occurrences.contains(entry.first); });
}

void HistoryStore::write(const std::string& id, const OccurrenceHistory& known, TimePoint now) {
  const auto* kept = known.outcome ? nullptr : draft(id);
  const auto body = kept ? protocol::encode(*kept) : std::string();
  Statement(database_, "insert or replace into occurrences (id, known, draft, changed) values (?, ?, ?, ?)")
      .bind(1, id).bind(2, text_of(known)).bind(3, body).bind(4, to_ms(now)).run();
  pending_[id] = {known, kept ? *kept : PlayRecord{}};
}

void HistoryStore::save(TimePoint now, const std::set<std::string>& held_back, bool all) {
  pending_.clear();
  forgotten_.clear();
  for (const auto& [id, known] : history_.occurrences)
    if (!held_back.contains(id) && differs(id, known, all)) write(id, known, now);
  for (const auto& [id, written] : written_) {
    if (history_.occurrences.contains(id)) continue;
    Statement(database_, "delete from occurrences where id = ?").bind(1, id).run();
    forgotten_.push_back(id);
  }
  if (new_ && settled_) Statement(database_, "delete from unsettled").run();
  save_orders();
}

void HistoryStore::save_orders() {
  for (const auto& [id, expires] : orders_)
    Statement(database_, "insert or replace into done_ids (id, expires) values (?, ?)").bind(1, id).bind(2, to_ms(expires)).run();
}

void HistoryStore::saved() {
  for (auto& [id, written] : pending_) {
    if (written.known.outcome) drafts_.erase(id);
    written_[id] = std::move(written);
  }
  for (const auto& id : forgotten_) {
    drafts_.erase(id);
    written_.erase(id);
  }
  pending_.clear();
  forgotten_.clear();
  orders_.clear();
  if (settled_) new_ = false;
}

void HistoryStore::write_anew(std::map<std::string, TimePoint> orders) {
  written_.clear();
  pending_.clear();
  forgotten_.clear();
  orders_.merge(orders);
  if (!new_) new_ = settled_ = true;  // nothing is lost of what this one holds
}

std::map<std::string, TimePoint> HistoryStore::rescue_orders() const {
  std::map<std::string, TimePoint> done;
  try {
    Statement rows(database_, "select id, expires from done_ids");
    while (rows.step()) done[rows.text(0)] = from_ms(rows.integer(1));
  } catch (const DatabaseError&) {
  }
  return done;
}

bool HistoryStore::is_new_order(const std::string& id) const {
  if (orders_.contains(id)) return false;
  Statement known(database_, "select 1 from done_ids where id = ?");
  return !known.bind(1, id).step();
}

void HistoryStore::order_done(const std::string& id, TimePoint expires) {
  orders_[id] = expires;
  if (orders_.size() <= kMostOrders) return;
  orders_.erase(std::min_element(orders_.begin(), orders_.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
}

void HistoryStore::forget_orders(TimePoint now) {
  Statement(database_, "delete from done_ids where expires < ?").bind(1, to_ms(now - std::chrono::hours(24))).run();
}

}  // namespace loa::node
