#include "tools/bench/play_logs.hpp"

#include <fmt/format.h>

#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/random_id.hpp"
#include "protocol/record_chain.hpp"
#include "scheduler/plan.hpp"

namespace loa::bench {

namespace {

using scheduler::Millis;

// As long as a real record: every text is there, and each differs where real ones do.
scheduler::PlayRecord record_of(const std::string& log_id, std::int64_t number, const std::string& previous) {
  static const std::string kBroadcast = protocol::random_id("b");
  scheduler::PlayRecord record;
  record.log_id = log_id;
  record.number = number;
  record.previous_hash = previous;
  record.broadcast_id = kBroadcast;
  record.programme_id = "p-nnnnnnnnnnnnnnnnnnnnnnnnnn";
  record.title = "Đăng ký tạm trú cho người thuê nhà";
  record.legal_field = "Hộ tịch, cư trú";
  record.language = "vi";
  record.due = scheduler::from_ms(1'795'500'000'000) + Millis{number * 60'000};
  record.occurrence_id = scheduler::occurrence_id(kBroadcast, record.due);
  record.started = record.due;
  record.start_error_us = 180 + number % 100;
  record.heard_ms = record.planned_ms = 30'000;
  record.clip_sha256 = std::string(64, 'a');
  record.volume = 80;
  record.level_dbfs = -18.5;
  record.clock = scheduler::ClockQuality::synced;
  record.outcome = scheduler::Outcome::played;
  record.recorded = record.due + Millis{30'010};
  return record;
}

LoggedNode make_log(int rows, int batch) {
  LoggedNode node;
  node.id = protocol::random_id("n");
  const auto log_id = protocol::random_id("log");
  std::string previous = protocol::first_previous_hash();
  for (int number = 1; number <= rows; ++number) {
    if ((number - 1) % batch == 0) {
      auto& next = node.batches.emplace_back();
      next.node = node.id;
      next.log_id = log_id;
      next.issued = scheduler::from_ms(1'795'600'000'000) + Millis{number};
    }
    auto& records = node.batches.back().records;
    records.push_back(record_of(log_id, number, previous));
    previous = protocol::record_hash(records.back());
  }
  for (const auto& one : node.batches)
    node.packets.push_back(
        protocol::sign(protocol::MessageType::log, node.id, protocol::encode(one), node.key));
  return node;
}

}  // namespace

std::vector<LoggedNode> make_logs(int nodes, int rows, int batch) {
  std::vector<LoggedNode> made;
  for (int i = 0; i < nodes; ++i) made.push_back(make_log(rows / nodes + (i < rows % nodes ? 1 : 0), batch));
  return made;
}

}  // namespace loa::bench
