#include <catch2/catch.hpp>

#include "config/toml_reader.hpp"
#include "node-firmware/command_line.hpp"
#include "node-firmware/settings.hpp"
#include "tests/support/places.hpp"

using namespace loa;
using node::read_settings;

TEST_CASE("the shipped node.toml says exactly what holds without it") {
  const auto shipped = read_settings(loa::tests::source_folder() / "config/node.toml");
  const node::Settings fallback;
  CHECK(shipped.state_folder == fallback.state_folder);
  CHECK(shipped.stock_folder == fallback.stock_folder);
  CHECK(shipped.log_level == fallback.log_level);
  CHECK(shipped.sink.kind == fallback.sink.kind);
  CHECK(shipped.sink.device == fallback.sink.device);
  CHECK(shipped.cache.budget == fallback.cache.budget);
  CHECK(shipped.times.state_period == fallback.times.state_period);
  CHECK(shipped.times.watch_stall == fallback.times.watch_stall);
  CHECK(shipped.times.stop_limit == fallback.times.stop_limit);
  CHECK_FALSE(shipped.edge.amplifier);
  CHECK_FALSE(shipped.edge.ear);
  CHECK_FALSE(shipped.edge.current);
  CHECK(shipped.edge.modem == fallback.edge.modem);
  CHECK(shipped.line_out.device.empty());
  CHECK_FALSE(shipped.edge.data);
  CHECK_FALSE(shipped.edge.surroundings.any());
  CHECK(shipped.streams.ca_file == fallback.streams.ca_file);
}

TEST_CASE("a wrong setting stops the program with file and line") {
  struct Row {
    const char* name;
    const char* text;
    const char* words;
  };
  const std::vector<Row> rows{
      {"a misspelt key", "state_foldr = \"/x\"\n", "node.toml:1:"},
      {"a misspelt key in a table", "[sink]\ndevise = \"hw:0\"\n", "node.toml:2:"},
      {"an unknown kind of sink", "[sink]\nkind = \"pulse\"\n", "\"pulse\" is not one of: alsa, wav, null"},
      {"a wav sink without a file", "[sink]\nkind = \"wav\"\n", "needs the file to write"},
      {"two outputs on one device", "[sink]\ndevice = \"hw:0\"\n[line_out]\ndevice = \"hw:0\"\n", "its device is the one of [sink]"},
      {"a budget too small", "[cache]\nbudget_mib = 1\n", "node.toml:2:"},
      {"a period without a unit", "[times]\nstate_period = \"30\"\n", "node.toml:2:"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK_THROWS_WITH(read_settings(std::string(row.text), "node.toml"), Catch::Contains(row.words));
    }
  }
}

TEST_CASE("the command line") {
  const auto read = [](std::vector<const char*> words) {
    words.insert(words.begin(), "loa-node");
    return node::read_command_line(static_cast<int>(words.size()), words.data());
  };
  SECTION("joining") {
    const auto line = std::get<node::CommandLine>(read({"--bundle", "b.json", "--state", "/s"}));
    CHECK(line.bundle == "b.json");
    CHECK(line.state == "/s");
    CHECK_FALSE(line.config);
  }
  SECTION("help and version end well") {
    CHECK(std::get<node::EarlyEnd>(read({"--help"})).exit_code == 0);
    CHECK_THAT(std::get<node::EarlyEnd>(read({"--version"})).text, Catch::Contains("loa-node " LOA_VERSION));
  }
  SECTION("a mistake says what and ends as usage") {
    const auto end = std::get<node::EarlyEnd>(read({"--bundel", "x"}));
    CHECK(end.exit_code == node::kExitUsage);
    CHECK_THAT(end.text, Catch::Contains("--bundel"));
  }
}
