#include "node-firmware/play_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/codec.hpp"
#include "protocol/limits.hpp"
#include "protocol/random_id.hpp"
#include "protocol/record_chain.hpp"
#include "protocol/revision.hpp"

namespace loa::node {

using scheduler::PlayRecord;
using scheduler::to_ms;

namespace {

constexpr std::size_t kBatchBytes = 128 * 1024;
constexpr std::chrono::hours kKeep{24 * 30};
constexpr std::int64_t kMostKept = 20'000;
constexpr std::int64_t kMostRescued = 1000;

PlayRecord record_in(const Database& database, std::int64_t number, const std::string& body) {
  auto record = protocol::decode_record(body);
  if (!record) throw DatabaseError(fmt::format("node.db: record {} is damaged: {}", number, record.error().message), 0, EIO, &database);
  return std::move(*record);
}

}  // namespace

PlayLog::PlayLog(Database& database) : database_(database) { reload(); }

void PlayLog::reload() {
  last_number_ = 0;
  last_hash_ = protocol::first_previous_hash();
  Statement log(database_, "select id, sent, acked, last_ack_issued from log");
  if (log.step()) {
    state_ = {log.text(0), log.integer(1), log.integer(2), log.maybe_integer(3)};
  } else {
    state_.log_id = protocol::random_id("log");
    Statement(database_, "insert into log (id) values (?)").bind(1, state_.log_id).run();
  }
  Statement last(database_, "select number, hash from records order by number desc limit 1");
  if (last.step()) {
    last_number_ = last.integer(0);
    last_hash_ = last.text(1);
  }
  next_to_send_ = state_.acked + 1;
  on_its_way_ = false;
}

void PlayLog::go_back(const End& end) {
  last_number_ = end.number;
  last_hash_ = end.hash;
}

std::optional<PlayRecord> PlayLog::append(PlayRecord record) {
  Statement known(database_, "select 1 from records where occurrence_id = ?");
  if (known.bind(1, record.occurrence_id).step()) return std::nullopt;
  record.log_id = state_.log_id;
  record.number = last_number_ + 1;
  record.previous_hash = last_hash_;
  const auto body = protocol::encode(record);
  const auto hash = protocol::record_hash(record);
  Statement(database_, "insert into records (number, occurrence_id, body, hash, recorded) values (?, ?, ?, ?, ?)")
      .bind(1, record.number).bind(2, record.occurrence_id).bind(3, body).bind(4, hash).bind(5, to_ms(record.recorded))
      .run();
  last_number_ = record.number;
  last_hash_ = hash;
  return record;
}

std::vector<PlayRecord> PlayLog::next_batch() {
  std::vector<PlayRecord> batch;
  if (on_its_way_) return batch;
  Statement rows(database_, "select number, body from records where number >= ? order by number limit ?");
  rows.bind(1, next_to_send_).bind(2, static_cast<std::int64_t>(protocol::kMaxRecords));
  std::size_t bytes = 0;
  while (rows.step()) {
    const auto body = rows.text(1);
    bytes += body.size();
    if (!batch.empty() && bytes > kBatchBytes) break;
    batch.push_back(record_in(database_, rows.integer(0), body));
  }
  return batch;
}

void PlayLog::sent(std::int64_t up_to) {
  on_its_way_ = true;
  next_to_send_ = up_to + 1;
  if (up_to <= state_.sent) return;
  state_.sent = up_to;
  save_state();
}

void PlayLog::send_again() {
  on_its_way_ = false;
  next_to_send_ = state_.acked + 1;
}

protocol::Result<void> PlayLog::send_from(std::int64_t number) {
  if (number < 1 || number > last_number_ + 1)
    return protocol::Refusal{protocol::RefusalCode::malformed, "/from_number",
                             fmt::format("the log has the numbers 1 to {}, not {}", last_number_, number)};
  on_its_way_ = false;
  next_to_send_ = std::min(number, state_.acked + 1);
  return {};
}

protocol::Result<void> PlayLog::take_ack(const protocol::LogAck& ack) {
  protocol::AckState known{state_.log_id, state_.sent, state_.acked, std::nullopt};
  if (state_.last_issued) known.last_issued = scheduler::from_ms(*state_.last_issued);
  const auto verdict = protocol::check_ack(ack, known);
  if (!verdict) return verdict.error();
  state_.acked = verdict->acked;
  state_.last_issued = to_ms(ack.issued);
  // One of less than what is on its way leaves the rest waiting: for its own acknowledgement, or to be sent again in time.
  if (verdict->resend || state_.acked + 1 >= next_to_send_) send_again();
  save_state();
  return {};
}

void PlayLog::forget_acks(std::int64_t acked, scheduler::TimePoint last_issued) {
  state_.acked = std::min(state_.acked, acked);
  state_.last_issued.reset();
  if (to_ms(last_issued) > 0) state_.last_issued = to_ms(last_issued);
  send_again();
  save_state();
}

void PlayLog::save_state() {
  Statement(database_, "update log set sent = ?, acked = ?, last_ack_issued = ?")
      .bind(1, state_.sent).bind(2, state_.acked).bind(3, state_.last_issued).run();
}

std::vector<PlayRecord> PlayLog::rescue() {
  std::vector<PlayRecord> readable;
  for (auto number = std::max(state_.acked, last_number_ - kMostRescued) + 1; number <= last_number_; ++number) try {
      Statement row(database_, "select body from records where number = ?");
      if (row.bind(1, number).step()) readable.push_back(record_in(database_, number, row.text(0)));
    } catch (const DatabaseError&) {
    }
  return readable;
}

void PlayLog::check() {
  Statement rows(database_, "select number, body from records");
  while (rows.step()) record_in(database_, rows.integer(0), rows.text(1));
}

void PlayLog::prune(std::optional<scheduler::TimePoint> now) {
  Statement(database_, "delete from records where number <= ? and number < ? and (recorded < ? or number <= ?)")
      .bind(1, state_.acked).bind(2, last_number_).bind(3, now ? to_ms(*now - kKeep) : INT64_MIN).bind(4, last_number_ - kMostKept).run();
}

}  // namespace loa::node
