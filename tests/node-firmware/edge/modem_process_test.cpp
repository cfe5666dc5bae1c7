#include "tests/node-firmware/wire.hpp"
#include "tests/support/fake_modem_manager.hpp"

// The real program beside a ModemManager: what its state says, and that it goes on without one.

using namespace loa;
using namespace loa::tests;

TEST_CASE("a board's state tells the signal of its modem as soon as there is one") {
  FakeModemManager modems;
  modems.say("modem cdc-wdm0 8 90\nmodem cdc-wdm1 11 63");
  Wire wire("[sink]\nkind = \"null\"\n[modem]\nsignal = \"on\"\n", {modems.environment()});
  modems.start_bus();
  wire.start_broker();
  SECTION("from the beginning") { modems.start_manager(); }
  SECTION("where nobody asks") {
    modems.start_manager();
    node::write_durably(wire.folder() / "node.toml", "state_folder = \"state\"\nstock_folder = \"stock\"\n[sink]\nkind = \"null\"\n[modem]\nsignal = \"off\"\n");
    wire.start_node(true);
    REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
    wire.plan(1s);
    REQUIRE(wire.until([&] { return wire.records.size() == 1; }));
    CHECK_FALSE(wire.state->signal_percent);
    CHECK(modems.asked() == 0);
    return;
  }
  SECTION("without a bus it plays all the same") {
    modems.stop_bus();
    wire.start_node(true);
    REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
    CHECK_FALSE(wire.state->signal_percent);
    wire.plan(1s);
    REQUIRE(wire.until([&] { return wire.records.size() == 1; }));
    CHECK(wire.records.at(1).outcome == scheduler::Outcome::played);
    CHECK(wire.node().err().find("modem") == std::string::npos);
    CHECK(wire.node().out().find("modem") == std::string::npos);
    return;
  }
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state && wire.state->signal_percent; }, 30s));
  CHECK(wire.state->signal_percent == 63);
  CHECK(wire.node().wait_for_line("modem cdc-wdm1: connected, signal 63 %", 5s));
}
