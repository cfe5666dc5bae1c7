#include "tests/node-firmware/wire.hpp"
#include "tests/support/bad_pcm.hpp"

// The real program with a line-out: what node.toml names sounds, and its record is the main output's alone.

using namespace loa;
using namespace loa::tests;

namespace {

/// Seconds of sound that the device let be heard.
double heard(const BadPcm& device) {
  std::size_t loud = 0;
  for (const auto& stream : device.heard())
    for (std::size_t at = 0; at + 48 <= stream.samples.size(); at += 48) {
      const auto first = stream.samples.begin() + static_cast<std::ptrdiff_t>(at);
      loud += std::any_of(first, first + 48, [](auto sample) { return std::abs(sample) > 500; }) ? 1 : 0;
    }
  return static_cast<double>(loud) / 1000;
}

}  // namespace

TEST_CASE("a line-out sounds what the loudspeakers do, and its faults are in no record") {
  TempFolder folder;
  BadPcm transmitter(folder / "transmitter");
  const std::string fault = GENERATE("", "vanish", "hang");
  CAPTURE(fault);
  transmitter.fault(fault);
  Wire wire("[sink]\nkind = \"null\"\n[line_out]\ndevice = \"bad\"\n", {transmitter.environment()});
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }, 20s));
  CHECK(wire.records.at(1).outcome == scheduler::Outcome::played);
  CHECK(wire.records.at(1).heard_ms == 4000);
  CHECK(wire.node().stop() == 0);
  CHECK(heard(transmitter) == Approx(fault.empty() ? 4 : 0).margin(0.05));
}
