#include <signal.h>

#include <fstream>

#include "node-firmware/command_line.hpp"
#include "node-firmware/start_count.hpp"
#include "many_plays.hpp"

// The real program on a real broker; the test is its controller.

using namespace loa;
using namespace loa::tests;

TEST_CASE("the program joins while the broker is down, plays its plan, reports it, and ends in order") {
  Wire wire;
  wire.start_node(true);
  REQUIRE(wire.node().wait_for_line("no connection", 10s));
  wire.start_broker();
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }));
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }));
  const auto record = wire.records.at(1);
  CHECK(record.outcome == scheduler::Outcome::played);
  CHECK(record.heard_ms >= 3'900);
  REQUIRE(record.start_error_us);
  CHECK(std::abs(*record.start_error_us) < 50'000);
  wire.node().signal(SIGTERM);
  REQUIRE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::gone; }));
  CHECK(wire.node().wait(5s) == 0);
}

TEST_CASE("the program killed in mid-play goes on, and makes one record: partial") {
  Wire wire;
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  wire.plan(2s);
  REQUIRE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }));
  wire.node().kill();
  wire.start_node(false);
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }, 30s));
  CHECK(wire.records.at(1).outcome == scheduler::Outcome::partial);
  CHECK(wire.records.at(1).reason == "restarted");
  CHECK_FALSE(wire.until([&] { return wire.records.size() > 1; }, 1s));
}

TEST_CASE("a program that dies again and again turns to a safe mode, which says why, plays no plan, and takes alerts and orders") {
  Wire wire;
  wire.start_broker();
  const auto counted = [&] {
    int deaths = 0;
    std::ifstream(wire.folder() / "run/starts") >> deaths;
    return deaths;
  };
  for (int n = 0; n < node::StartCount::kSafeAfter; ++n) {
    wire.start_node(n == 0);
    if (n == 0) REQUIRE(wire.node().wait_for_line("is node", 30s));  // it has joined: a later start has no bundle
    REQUIRE(wire.until([&] { return counted() == n + 1; }));
    wire.node().kill();
  }
  std::ofstream(wire.folder() / "run/starts") << node::StartCount::kSafeAfter << " no memory\n";  // as five that said why
  wire.start_node(false);
  REQUIRE(wire.node().wait_for_line("waiting 20 s", 10s));
  REQUIRE(wire.until([&] { return wire.state && wire.state->safe_mode; }, 60s));  // before it come the wills of the dead
  CHECK_THAT(*wire.state->safe_mode, Catch::Contains("no memory"));
  wire.plan(2s);
  CHECK_FALSE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }, 5s));
  CHECK(wire.state->plan_verified == 0);
  wire.alert("l-1", "tone");
  CHECK(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::alerting; }));
  REQUIRE(wire.until([&] { return !wire.records.empty(); }));
  CHECK(wire.records.begin()->second.alert_id == "l-1");
  CHECK(wire.records.begin()->second.outcome == scheduler::Outcome::played);
  wire.node().signal(SIGTERM);
  CHECK(wire.node().wait(10s) == 0);
  wire.state.reset();
  wire.start_node(false);  // it ended in order: a person or a service manager wants the normal mode
  CHECK(wire.until([&] { return wire.state && !wire.state->safe_mode && wire.state->lifecycle != protocol::Lifecycle::gone; }, 30s));
}

TEST_CASE("a hundred plays leave the program's memory as large as thirty did") {
  ManyPlays many;
  many.play(30);
  const auto before = many.memory();
  many.play(70);
  const auto after = many.memory();
  INFO(before.own << " KiB, then " << after.own << " KiB");
  CHECK(after.own - before.own < 512);  // a pipeline that stays is 600 KiB
  CHECK(many.played() == 100);
}

TEST_CASE("a flood of messages that are refused costs the log ten lines, and one that counts the rest") {
  Wire wire;
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  constexpr int kFlood = 300;
  for (int n = 0; n < kFlood; ++n) wire.publish(protocol::head_topic(Wire::kNode), "no head " + std::to_string(n));
  REQUIRE(wire.until([&] { return wire.state->refusals.contains("malformed") && wire.state->refusals.at("malformed") >= kFlood; }, 40s));
  const auto log = wire.node().out() + wire.node().err();
  int lines = 0;
  for (auto at = log.find("refused loa-head"); at != std::string::npos; at = log.find("refused loa-head", at + 1)) ++lines;
  CHECK(lines >= 1);
  CHECK(lines <= 24);  // in two minutes
}

TEST_CASE("a second program on a state folder is refused with words, and the first goes on") {
  Wire wire;
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  tests::Process second({(program_folder() / "loa-node").string(), "--config", (wire.folder() / "node.toml").string()},
                        {wire.folder(), "second", {}, {}});
  CHECK(second.wait(30s) == node::kExitBroken);  // a check of the board may have the folder for some seconds
  CHECK_THAT(second.err(), Catch::Contains("another loa-node runs on this state folder"));
  CHECK(wire.node().running());
}

TEST_CASE("what stops the program is said on its error output, with an exit code of its own") {
  struct Row {
    const char* name;
    const char* toml;
    int code;
    const char* words;
  };
  const std::vector<Row> rows{{"it has not joined", "state_folder = \"state\"\n", 66, "has not joined yet"},
                              {"a misspelt key", "state_foldr = \"state\"\n", 78, "node.toml:1:"}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      TempFolder folder;
      node::write_durably(folder / "node.toml", row.toml);
      tests::Process node({(program_folder() / "loa-node").string(), "--config", (folder / "node.toml").string()},
                          {folder.path(), "node", {}, {}});
      CHECK(node.wait(10s) == row.code);
      CHECK_THAT(node.err(), Catch::Contains(row.words));
    }
  }
}
