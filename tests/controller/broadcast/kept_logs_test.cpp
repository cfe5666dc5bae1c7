#include "controller/store/alarms.hpp"
#include "controller/store/log_batches.hpp"
#include "controller/store/record_proof.hpp"
#include "tests/controller/broadcast/logs.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

namespace {

store::RecordProof prove(Station& station) {
  return station.store->run_sync([](store::Session& s) { return store::prove(store::read_log_part(s, "n-one", "log-n-one", scheduler::from_ms(4'000'000'000'000))); });
}

std::int64_t broken_records(Station& station) {
  return station.store->run_sync([](store::Session& s) { return store::count_open_alarms(s)[store::AlarmKind::records_broken]; });
}

}  // namespace

TEST_CASE("what a board signed of its log can be proved again from what is kept") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  send(station, station.one, batch_of(station.one, 10, 40));
  send(station, station.one, batch_of(station.one, 1, 40));  // repeats only
  const auto proof = prove(station);
  CHECK(proof.proved == 40);
  CHECK(proof.findings.empty());
  const auto kept = station.store->run_sync([](store::Session& s) { return store::list_signed_batches(s, "n-one", "log-n-one", 1, 40); });
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].jws.size() < 300);  // header and signature: the rows are the payload
  CHECK(broken_records(station) == 0);
}

TEST_CASE("a board that goes back on its word keeps its first, and rings") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  auto other = batch_of(station.one, 5, 6);
  other.records[0].outcome = scheduler::Outcome::skipped;
  other.records[1].previous_hash = protocol::record_hash(other.records[0]);
  send(station, station.one, other);
  CHECK(count(station) == 20);
  CHECK(broken_records(station) == 1);
  const auto proof = prove(station);
  REQUIRE(proof.findings.size() == 1);
  CHECK(proof.findings[0] == store::ProofFinding{store::ProofFault::contradicted, 5, 6});
  CHECK(proof.proved == 18);
}

TEST_CASE("a payload that the board wrote in another way is kept word for word") {
  Station station;
  station.start();
  auto json = protocol::encode(batch_of(station.one, 1, 3));
  json.insert(1, " ");
  station.link->deliver(protocol::log_topic("n-one"), station.one.sign(MessageType::log, json));
  station.settle();
  CHECK(count(station) == 3);
  CHECK(prove(station).proved == 3);
}

TEST_CASE("the end of a log that a state names is wanted") {
  Station station;
  station.start();
  send(station, station.one, batch_of(station.one, 1, 20));
  station.one.state.log_number = 25;
  station.say(station.one);
  auto logs = station.store->run_sync([](store::Session& s) { return store::list_logs(s, "n-one"); });
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].reported == 25);
  CHECK(logs[0].lacking_since);
  CHECK(prove(station).findings == std::vector<store::ProofFinding>{{store::ProofFault::missing, 21, 25}});
  send(station, station.one, batch_of(station.one, 21, 25));
  logs = station.store->run_sync([](store::Session& s) { return store::list_logs(s, "n-one"); });
  CHECK_FALSE(logs[0].lacking_since);
  CHECK(prove(station).findings.empty());
}
