#include "node-firmware/edge/surroundings.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "tests/support/temp_folder.hpp"

using namespace loa::node::edge;
using loa::tests::TempFolder;

TEST_CASE("supply and temperature are what the board's files say, and nothing where they say nothing sensible") {
  struct Row {
    const char* name;
    std::map<std::string, std::string> files;
    Surroundings seen;
  };
  const std::vector<Row> rows{
      {"nothing can be read", {}, {}},
      {"on the mains", {{"mains/online", "1\n"}, {"temp", "48312\n"}}, {SupplyKind::mains, {}, 48.312}},
      {"the mains are gone", {{"mains/online", "0\n"}, {"battery/status", "Discharging\n"}, {"battery/voltage_now", "12410000\n"}},
       {SupplyKind::battery, 12'410, {}}},
      {"the mains are gone, and no battery tells of itself", {{"mains/online", "0\n"}}, {SupplyKind::battery, {}, {}}},
      {"a battery alone, charging", {{"battery/status", "Charging\n"}}, {SupplyKind::mains, {}, {}}},
      {"a battery alone, full", {{"battery/status", "Full\n"}}, {SupplyKind::mains, {}, {}}},
      {"a battery alone, discharging", {{"battery/status", "Discharging\n"}}, {SupplyKind::battery, {}, {}}},
      {"a voltage alone", {{"in1_input", "23950\n"}}, {SupplyKind::dc, 23'950, {}}},
      {"the measured voltage goes before the battery's own", {{"in1_input", "12000\n"}, {"battery/status", "Full"}, {"battery/voltage_now", "13000000"}},
       {SupplyKind::mains, 12'000, {}}},
      {"frost", {{"temp", "-12500\n"}}, {{}, {}, -12.5}},
      {"a sensor that is not connected", {{"temp", "-274000\n"}, {"in1_input", "99999999\n"}}, {SupplyKind::dc, {}, {}}},
      {"words in place of figures", {{"temp", "hot\n"}, {"mains/online", "yes\n"}, {"in1_input", "12V\n"}}, {}},
      {"empty files", {{"temp", ""}, {"mains/online", ""}}, {}},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      TempFolder folder;
      for (const auto& [name, text] : row.files) {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name) << text;
      }
      const SurroundingsSettings settings{folder / "mains", folder / "battery", folder / "in1_input", folder / "temp"};
      CHECK(look_around(settings) == row.seen);
      CHECK(look_around({}) == Surroundings{});
    }
  }
}
