#include <algorithm>
#include <fstream>

#include "pole.hpp"
#include "tests/support/fake_modem_manager.hpp"

// The line `signal` of `loa-node check`.

using namespace loa;
using namespace loa::tests;

TEST_CASE("the signal is what ModemManager says, and no network at all is said") {
  struct Row {
    const char* name;
    std::string modems;
    bool ok;
    const char* words;
    bool no_network = false;
    bool manager = true;
  };
  const std::vector<Row> rows{
      {"a good signal", "modem cdc-wdm0 11 67", true, "67 %, up through"},
      {"the stronger of two", "modem cdc-wdm0 11 30\nmodem cdc-wdm1 11 67", true, "67 % (cdc-wdm1, the strongest of 2 modems)"},
      {"a weak signal", "modem cdc-wdm0 11 9", false, "antenna"},
      {"a modem that carries nothing, beside another network", "modem cdc-wdm0 8 67", true, "the modem is registered and tells no signal"},
      {"a modem that is locked, and nothing else", "modem cdc-wdm0 2 0", false, "the modem is locked: look at SIM, PIN", true},
      {"an answer that is none", "list", false, "systemctl restart ModemManager"},
      {"no modem", "", true, "no modem here"},
      {"no ModemManager", "", true, "no modem here", false, false},
      {"no interface", "", false, "no network", true},
  };
  FakeModemManager fake;
  fake.start_bus();
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Pole pole;
      fake.say(row.modems);
      if (row.manager) fake.start_manager();
      if (!row.no_network) {
        std::ifstream route("/proc/net/route");
        if (std::string all(std::istreambuf_iterator<char>(route), {}); std::count(all.begin(), all.end(), '\n') < 2) {
          WARN("this machine has no network of its own: row not run");
          continue;
        }
      }
      const auto checked = pole.check(row.no_network ? std::vector<std::string>{"unshare", "--net"} : std::vector<std::string>{}, {fake.environment()}, {"--silent"});
      INFO(checked.whole);
      CHECK_THAT(checked.lines.at("signal"), Catch::StartsWith(row.ok ? "ok" : "FIX"));
      CHECK_THAT(checked.lines.at("signal"), Catch::Contains(row.words));
    }
  }
}
