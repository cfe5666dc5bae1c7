#pragma once
#include <string>

#include "controller/store/play_records.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/broadcast/station.hpp"

namespace loa::broadcast {

/// Records `from`..`to` of a node's log, chained, as one signed batch.
inline protocol::LogBatch batch_of(const FakeNode& node, std::int64_t from, std::int64_t to) {
  protocol::LogBatch batch;
  batch.node = node.id;
  batch.issued = scheduler::from_ms(1'795'500'000'000);
  batch.log_id = node.state.log_id;
  std::string previous = protocol::first_previous_hash();
  for (std::int64_t number = 1; number <= to; ++number) {
    scheduler::PlayRecord record;
    record.log_id = batch.log_id;
    record.number = number;
    record.previous_hash = previous;
    record.broadcast_id = "b-x";
    record.due = batch.issued + Millis{number * 60000};
    record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
    record.title = "Tin";
    record.started = record.due;
    record.heard_ms = record.planned_ms = 30000;
    record.outcome = scheduler::Outcome::played;
    record.recorded = record.due;
    previous = protocol::record_hash(record);
    if (number >= from) batch.records.push_back(std::move(record));
  }
  return batch;
}

inline void send(Station& station, const FakeNode& node, const protocol::LogBatch& batch) {
  station.link->deliver(protocol::log_topic(node.id), node.sign(MessageType::log, protocol::encode(batch)));
  station.settle();
}

inline std::int64_t count(Station& station, const std::string& node = "n-one") {
  return station.store->run_sync([&](store::Session& s) { return store::count_records(s, node); });
}

}  // namespace loa::broadcast
