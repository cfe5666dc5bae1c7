#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/limits.hpp"
#include "tests/protocol/samples.hpp"

namespace samples = loa::protocol::samples;
namespace scheduler = loa::scheduler;
using namespace loa::protocol;
using namespace std::chrono_literals;

namespace {

template <class T>
std::string verdict(const Result<T>& result) {
  if (result) return "taken";
  return std::string{name_of(result.error().code)} + ": " + result.error().message;
}

}  // namespace

TEST_CASE("inflate takes one whole zlib stream up to its limit") {
  const std::string text = encode(samples::plan());
  const std::string packed = deflate(text);
  CHECK(packed.size() < text.size());
  CHECK(inflate(packed, text.size()).value() == text);

  const std::string bomb = deflate(std::string(20'000'000, '\0'));
  std::string flipped = packed;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  struct Row {
    std::string name;
    std::string bytes;
    std::string expected;
  };
  const std::string malformed = "malformed: the payload is not one whole zlib stream";
  const std::string too_large =
      "too_large: the payload inflates to more than " + std::to_string(text.size()) + " bytes";
  const std::vector<Row> rows{{"nothing", "", malformed},
                              {"cut short", packed.substr(0, packed.size() - 1), malformed},
                              {"followed by a byte", packed + '\0', malformed},
                              {"followed by another stream", packed + packed, malformed},
                              {"no zlib at all", text, malformed},
                              {"one bit of its checksum turned", flipped, malformed},
                              {"one byte more than the limit", deflate(text + " "), too_large},
                              {"a bomb", bomb, too_large}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(verdict(inflate(row.bytes, text.size())) == row.expected);
  }
}

TEST_CASE("a plan above a limit is not packed") {
  const auto key = samples::test_key("controller");
  CHECK(verdict(pack_plan(std::string(kMaxPlanJson + 1, ' '), "k", key)) ==
        "too_large: the plan has more than 4194304 bytes: fewer occurrences or items");
  std::string noise;
  std::uint32_t seed = 1;
  while (noise.size() < kMaxPlanDeflated + 1000)
    noise += static_cast<char>((seed = seed * 1664525U + 1013904223U) >> 24);
  CHECK(verdict(pack_plan(noise, "k", key)) ==
        "too_large: the plan has more than 524288 bytes deflated: fewer occurrences");
}

TEST_CASE("the largest plan that is packed fits its envelope") {
  CHECK((kMaxPlanDeflated * 4 + 2) / 3 + kMaxHeader + 88 < kMaxPlanSigned);
}

TEST_CASE("sixteen days with thirty broadcasts a day stay far below the limits") {
  scheduler::Plan plan = samples::plan();
  const scheduler::Occurrence first = plan.occurrences[0];
  plan.occurrences.clear();
  for (int index = 0; index < 16 * 30; ++index) {
    scheduler::Occurrence next = first;
    next.due = first.due + index * 48min;
    next.id = scheduler::occurrence_id(first.broadcast_id, next.due);
    plan.occurrences.push_back(next);
  }
  const std::string json = encode(plan);
  const auto packed = pack_plan(json, samples::kKid, samples::test_key("controller"));
  REQUIRE(packed.has_value());
  CHECK(json.size() < kMaxPlanJson / 4);
  CHECK(packed->size() < kMaxPlanSigned / 10);
}
