#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/store/log_batches.hpp"
#include "controller/store/play_records.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

// Two unsigned records, of which the board says that there are three.
void add_log(TestApi& api) {
  std::vector<scheduler::PlayRecord> records;
  for (int number : {1, 2}) {
    scheduler::PlayRecord record;
    record.log_id = "log-1";
    record.number = number;
    record.previous_hash = records.empty() ? protocol::first_previous_hash() : protocol::record_hash(records.back());
    record.due = api.clock.now() + std::chrono::minutes(number);
    record.broadcast_id = api.broadcast;
    record.occurrence_id = scheduler::occurrence_id(api.broadcast, record.due);
    record.outcome = scheduler::Outcome::played;
    record.recorded = record.due;
    records.push_back(record);
  }
  api.write([&](store::Transaction& t) {
    store::add_records(t, api.node, records, {protocol::record_hash(records[0]), protocol::record_hash(records[1])});
    store::note_log_end(t, api.node, "log-1", 3);
  });
}

}  // namespace

TEST_CASE("a board's logs and what can be proved of them are told") {
  TestApi api;
  add_log(api);
  auto monitor = api.client("monitor");
  const std::string node = "/api/v1/nodes/" + api.node;
  const auto logs = monitor.get(node + "/logs").json().at("items").as_array();
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].at("log_id") == "log-1");
  CHECK(logs[0].at("records") == 2);
  CHECK(logs[0].at("complete_to") == 2);
  CHECK(logs[0].at("reported") == 3);
  CHECK(logs[0].as_object().contains("lacking_since"));

  CHECK(monitor.get(node + "/record-proof?log=log-1").text("/findings/1/fault") == "on_the_way");
  api.clock.tick(std::chrono::minutes(10));
  const auto proof = monitor.get(node + "/record-proof?log=log-1").json();
  CHECK(proof.at("records") == 2);
  CHECK(proof.at("proved") == 0);
  CHECK(boost::json::serialize(proof.at("findings")) == R"([{"fault":"unsigned","from":1,"to":2},{"fault":"missing","from":3,"to":3}])");
  CHECK_FALSE(proof.as_object().contains("next"));
  CHECK(monitor.get(node + "/record-proof?log=log-2").json().at("records") == 0);
}

TEST_CASE("what is asked of a proof is read strictly") {
  TestApi api;
  auto monitor = api.client("monitor");
  const std::string proof = "/api/v1/nodes/" + api.node + "/record-proof";
  struct Row {
    const char* query;
    const char* pointer;
  };
  for (const auto& row : {Row{"", "/log"}, Row{"?log=log-1&from=0", "/from"}, Row{"?log=log-1&from=x", "/from"}, Row{"?log=log-1&from=-1", "/from"},
                          Row{"?log=log-1&from=99999999999999999999", "/from"}, Row{"?log=log-1&to=5", "/to"}}) {
    INFO(row.query);
    const auto answer = monitor.get(proof + row.query);
    CHECK(answer.status == 400);
    CHECK(answer.text("/errors/0/pointer") == row.pointer);
  }
  CHECK(monitor.get("/api/v1/nodes/n-none/record-proof?log=log-1").status == 404);
  CHECK(monitor.get("/api/v1/nodes/n-none/logs").status == 404);
}

}  // namespace loa::api
