#include <catch2/catch.hpp>

#include "node-firmware/edge/settings.hpp"

using namespace loa;
using namespace std::chrono_literals;

namespace {

node::edge::Settings read(const std::string& text) {
  config::TomlFile toml(text, "node.toml");
  auto settings = node::edge::read_settings(toml.root());
  toml.root().finish();
  return settings;
}

}  // namespace

TEST_CASE("a board's hardware is what its settings name") {
  CHECK_FALSE(read("").amplifier);
  CHECK_FALSE(read("[amplifier]\non_before = \"2s\"\n").amplifier);
  const auto settings = read("[amplifier]\nchip = \"gpiochip0\"\nline = \"17\"\nactive_low = true\non_before = \"800ms\"\nfault_line = \"AMP\"\n");
  REQUIRE(settings.amplifier);
  CHECK(settings.amplifier->relay.chip == "gpiochip0");
  CHECK(settings.amplifier->relay.line == "17");
  CHECK(settings.amplifier->relay.active_low);
  CHECK(settings.amplifier->fault.line == "AMP");
  CHECK_FALSE(settings.amplifier->fault.active_low);
  CHECK(settings.amplifier->timing.on_before == 800ms);
  CHECK(settings.amplifier->timing.off_after == 5s);
}

TEST_CASE("an interface is a name or a folder, and files are as they are named") {
  CHECK(read("[data]\ninterface = \"wwan0\"\n").data->interface == "/sys/class/net/wwan0/statistics");
  CHECK(read("[data]\ninterface = \"/tmp/x\"\nbudget_mib = 500\n").data->interface == "/tmp/x");
  CHECK(read("[data]\ninterface = \"/tmp/x\"\nbudget_mib = 500\n").data->budget == std::int64_t{500} << 20);
  CHECK(read("[inputs]\nmains = \"/sys/class/power_supply/AC\"\n").surroundings.mains == "/sys/class/power_supply/AC");
  CHECK(read("").modem == node::edge::WatchModem::automatic);
  CHECK(read("[modem]\nsignal = \"off\"\n").modem == node::edge::WatchModem::off);
  CHECK(read("[level]\ncurrent = \"/sys/x\"\ncurrent_floor = -5\n").current->floor == -5);
  CHECK_FALSE(read("[level]\ncapture_device = \"hw:1,0\"\n").current);
  CHECK(read("[level]\ncapture_device = \"hw:1,0\"\nfloor_dbfs = -50\n").ear->floor_dbfs == -50);
}

TEST_CASE("hardware that is named wrongly stops the program with file and line") {
  struct Row {
    const char* name;
    const char* text;
    const char* words;
  };
  const std::vector<Row> rows{
      {"a relay without a chip", "[amplifier]\nline = \"17\"\n", "a line needs the chip"},
      {"a chip without a line", "[amplifier]\nchip = \"gpiochip0\"\n", "node.toml:2:"},
      {"one line for both", "[amplifier]\nchip = \"c\"\nline = \"17\"\nfault_line = \"17\"\n", "the relay's own line"},
      {"an amplifier that goes off in mid-word", "[amplifier]\noff_after = \"0s\"\n", "node.toml:2:"},
      {"a budget of nothing", "[data]\nbudget_mib = 500\n", "a budget needs the interface"},
      {"a floor above every sound", "[level]\nfloor_dbfs = 0\n", "node.toml:2:"},
      {"a current without a floor", "[level]\ncurrent = \"/sys/x\"\n", "needs current_floor"},
      {"a floor without a current", "[level]\ncurrent_floor = 40\n", "needs the file"},
      {"a watch on the modem that is none", "[modem]\nsignal = \"maybe\"\n", "not one of: auto, on, off"},
      {"a misspelt key", "[amplifier]\nchipp = \"gpiochip0\"\n", "chipp"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK_THROWS_WITH(read(row.text), Catch::Contains(row.words)); }
  }
}
