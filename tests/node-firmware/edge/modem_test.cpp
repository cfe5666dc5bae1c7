#include "node-firmware/edge/modem.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "tests/support/fake_modem_manager.hpp"
#include "tests/support/loop.hpp"

// A real D-Bus daemon, and a ModemManager on it that says what no modem would.

using namespace loa::node::edge;
using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

struct Radio {
  Radio() { ::setenv("DBUS_SYSTEM_BUS_ADDRESS", fake.environment().substr(fake.environment().find('=') + 1).c_str(), 1); }
  ~Radio() { ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS"); }
  /// The answer; how long the loop was held up at most at a time, and how long it reckoned at most, is noted.
  ModemAnswer ask(std::chrono::milliseconds limit = 20s) {
    std::optional<ModemAnswer> answer;
    const ModemQuestion question(loop.get_executor(), limit, [&](ModemAnswer said) { answer = std::move(said); });
    const auto end = std::chrono::steady_clock::now() + limit + 5s;
    loop.restart();
    while (!answer && std::chrono::steady_clock::now() < end) {
      const auto before = std::chrono::steady_clock::now();
      const auto reckoned_before = processor_time();
      if (loop.poll_one() == 0) continue;
      held = std::max<std::chrono::nanoseconds>(held, std::chrono::steady_clock::now() - before);
      reckoned = std::max(reckoned, processor_time() - reckoned_before);
    }
    REQUIRE(answer);
    return *answer;
  }
  FakeModemManager fake;
  boost::asio::io_context loop;
  std::chrono::nanoseconds held{}, reckoned{};
};

}  // namespace

TEST_CASE("of what ModemManager tells, the strongest connected modem counts, and nothing else is believed") {
  struct Row {
    const char* name;
    const char* said;
    std::optional<int> percent;
    const char* port = "";
    const char* trouble = "";
    std::size_t modems = 0;
  };
  const std::vector<Row> rows{
      {"no modem", "", {}},
      {"one that is connected", "modem cdc-wdm0 11 67", 67, "cdc-wdm0", "", 1},
      {"the strongest is not the first", "modem cdc-wdm0 11 20\nmodem cdc-wdm1 11 80\nmodem cdc-wdm2 11 40", 80, "cdc-wdm1", "", 3},
      {"the strongest is not connected", "modem cdc-wdm0 8 99\nmodem cdc-wdm1 11 31", 31, "cdc-wdm1", "", 2},
      {"none is connected", "modem cdc-wdm0 8 99\nmodem cdc-wdm1 2 0", {}, "", "", 2},
      {"no signal at all", "modem cdc-wdm0 11 0", 0, "cdc-wdm0", "", 1},
      {"250 percent", "modem cdc-wdm0 11 250\nmodem cdc-wdm1 11 5", 5, "cdc-wdm1", "", 2},
      {"a state that does not exist", "modem cdc-wdm0 77 50", {}, "", "", 1},
      {"every property of another type", "types\nmodem cdc-wdm1 11 12", 12, "cdc-wdm1", "", 2},
      {"a port that would break a line", "modem \x1b[2J 11 50", 50, "", "", 1},
      {"as many modems as are believed", "many 64", 50, "cdc-wdm0", "", 64},
      {"ten thousand modems", "many 10000", {}, "", "more than 64 objects"},
      {"a million values", "heap 1000000", {}, "", "more than 32768 values"},
      {"an answer of another type", "list", {}, "", "does not answer as ModemManager does"},
  };
  Radio radio;
  radio.fake.start_bus();
  radio.fake.start_manager();
  for (const auto& row : rows) {
    INFO(row.name);
    radio.fake.say(row.said);
    const auto answer = radio.ask();
    CHECK_FALSE(answer.absent);
    CHECK_THAT(answer.trouble, Catch::Contains(row.trouble));
    CHECK(answer.trouble.empty() == (row.trouble[0] == '\0'));
    CHECK(answer.modems.size() == row.modems);
    const auto* best = strongest(answer.modems);
    REQUIRE((best != nullptr) == row.percent.has_value());
    if (!best) continue;
    CHECK(best->percent == row.percent);
    CHECK(best->port == row.port);
  }
  CHECK(radio.reckoned < 100ms);  // whatever was said
}

TEST_CASE("a question ends in time, whoever does not answer it") {
  Radio radio;
  SECTION("there is no bus") { CHECK(radio.ask().absent); }
  SECTION("nobody listens any more where the bus was") {
    radio.fake.start_bus();
    radio.fake.stop_bus(true);
    CHECK(radio.ask().absent);
  }
  SECTION("ModemManager does not run") {
    radio.fake.start_bus();
    CHECK(radio.ask().absent);
  }
  SECTION("ModemManager says nothing") {
    radio.fake.start_bus();
    radio.fake.start_manager();
    radio.fake.say("silence");
    const auto answer = radio.ask(300ms);
    CHECK_FALSE(answer.absent);
    CHECK_FALSE(answer.trouble.empty());
  }
  SECTION("the bus stands still") {
    radio.fake.start_bus();
    radio.fake.bus().signal(SIGSTOP);
    CHECK(radio.ask(300ms).trouble == "no answer in time");
    radio.fake.bus().signal(SIGCONT);
  }
  SECTION("who asked is gone before the answer") {
    radio.fake.start_bus();
    radio.fake.start_manager();
    bool told = false;
    { const ModemQuestion question(radio.loop.get_executor(), 5s, [&](const ModemAnswer&) { told = true; }); }
    radio.loop.run();
    CHECK_FALSE(told);
  }
  CHECK(radio.held < 2s);
}

TEST_CASE("a signal comes and goes with its modem, its manager and the bus") {
  Radio radio;
  const auto watch = make_modem_watch(radio.loop.get_executor(), [] {}, {20ms, 100ms, 5s});
  const auto shows = [&](std::optional<int> percent) { return run_until(radio.loop, [&] { return watch->percent() == percent; }, 20s); };
  run_until(radio.loop, [] { return false; }, 100ms);
  CHECK_FALSE(watch->percent());
  radio.fake.say("modem cdc-wdm0 11 67");
  radio.fake.start_bus();
  radio.fake.start_manager();
  CHECK(shows(67));
  radio.fake.say("modem cdc-wdm0 11 71");
  CHECK(shows(71));
  radio.fake.say("modem cdc-wdm0 8 71");
  CHECK(shows({}));
  radio.fake.say("modem cdc-wdm0 11 72");
  CHECK(shows(72));
  radio.fake.stop_manager();
  CHECK(shows({}));
  radio.fake.start_manager();
  CHECK(shows(72));
  radio.fake.stop_bus();
  CHECK(shows({}));
  radio.fake.start_bus();
  radio.fake.start_manager();
  CHECK(shows(72));
}

TEST_CASE("who does not answer is asked ever more rarely, and again at the usual pace once it does") {
  Radio radio;
  radio.fake.say("list");
  radio.fake.start_bus();
  radio.fake.start_manager();
  const auto watch = make_modem_watch(radio.loop.get_executor(), [] {}, {50ms, 60s, 5s});
  run_until(radio.loop, [] { return false; }, 2s);
  CHECK(radio.fake.asked() >= 2);
  CHECK(radio.fake.asked() <= 6);  // after 0, 0.1, 0.3, 0.7, 1.5 s, where 40 would be due
  radio.fake.say("modem cdc-wdm0 11 40");
  REQUIRE(run_until(radio.loop, [&] { return watch->percent() == 40; }, 20s));
  const auto before = radio.fake.asked();
  CHECK(run_until(radio.loop, [&] { return radio.fake.asked() >= before + 5; }, 20s));
}
