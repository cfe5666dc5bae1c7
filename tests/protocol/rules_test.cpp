#include <catch2/catch.hpp>

#include "protocol/codec.hpp"
#include "tests/protocol/samples.hpp"

namespace samples = loa::protocol::samples;
namespace scheduler = loa::scheduler;
using namespace loa::protocol;
using namespace std::chrono_literals;

namespace {

/// What encode throws for a value that breaks a rule between fields, or "written".
template <class T>
std::string written(const T& value) {
  try {
    encode(value);
    return "written";
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
}

struct PlanRow {
  std::string name;
  void (*spoil)(scheduler::Plan&);
  std::string expected;
};

}  // namespace

TEST_CASE("a plan that no reader would take is not written") {
  const std::vector<PlanRow> rows{
      {"as it is", [](auto&) {}, "written"},
      {"emergency class", [](auto& plan) { plan.occurrences[0].cls = scheduler::Class::emergency; },
       "/occurrences/0/class: emergency exists only as an alert"},
      {"a clip without hash", [](auto& plan) { plan.occurrences[0].items[0].sha256.clear(); },
       "/occurrences/0/items/0/sha256: a clip has one, nothing else has"},
      {"a pause with an address", [](auto& plan) { plan.occurrences[0].items[1].url = "https://a"; },
       "/occurrences/0/items/1/url: a stream has one, nothing else has"},
      {"a plain stream not allowed",
       [](auto& plan) { plan.occurrences[0].items[2].plain_http_allowed = false; },
       "/occurrences/0/items/2/url: a stream comes over https unless plain_http_allowed"},
      {"a stream from a file", [](auto& plan) { plan.occurrences[0].items[2].url = "file:///etc/passwd"; },
       "/occurrences/0/items/2/url: a stream comes over https unless plain_http_allowed"},
      {"an occurrence twice", [](auto& plan) { plan.occurrences.push_back(plan.occurrences[0]); },
       "/occurrences: not by due, then id, each id once"},
      {"occurrences out of order",
       [](auto& plan) {
         plan.occurrences.push_back(plan.occurrences[0]);
         plan.occurrences[1].id = "b-x@20261124T220000Z";
         plan.occurrences[1].due -= 1h;
       },
       "/occurrences: not by due, then id, each id once"},
      {"an end before its start", [](auto& plan) { plan.until = plan.from; }, "/exp: not after from"},
      {"volume hours backwards", [](auto& plan) { plan.settings.volume_by_hour[0].to_minute = 10; },
       "/settings/volume_by_hour/0/to_minute: not after from_minute"},
      {"no areas", [](auto& plan) { plan.areas.clear(); }, "/areas: 0 elements where 1 are needed"},
      {"four brokers", [](auto& plan) { plan.brokers.assign(4, "mqtts://a:1"); },
       "/brokers: 4 elements where 3 are the most"},
      {"a title of broken UTF-8", [](auto& plan) { plan.occurrences[0].title = "\xff"; },
       "/occurrences/0/title: not UTF-8"},
      {"an id with a slash", [](auto& plan) { plan.node = "a/b"; },
       "/aud: \"a/b\" is not an id of A-Z a-z 0-9 . _ -"},
  };
  for (const PlanRow& row : rows) {
    INFO(row.name);
    scheduler::Plan plan = samples::plan();
    row.spoil(plan);
    CHECK(written(plan) == row.expected);
  }
}

TEST_CASE("rules between fields hold for the other messages too") {
  auto keys = samples::keys();
  keys.keys.push_back(keys.keys[0]);
  CHECK(written(keys) == "/keys: a kid stands twice");

  auto alert = samples::alert();
  alert.alerts[0].expires = alert.alerts[0].sent;
  CHECK(written(alert) == "/alerts/0/expires: not after sent");
  alert = samples::alert();
  alert.alerts[0].area = "hue";
  CHECK(written(alert) == "/alerts: an alert is for another area than its snapshot");

  auto log = samples::log();
  log.records[1].number = 45;
  CHECK(written(log) == "/records: not all of this log with numbers that rise by one");
  log.records.clear();
  CHECK(written(log) == "/records: 0 elements where 1 are needed");

  auto receipt = samples::receipt();
  receipt.accepted = true;
  CHECK(written(receipt) == "/code: a refusal has one, an acceptance has none");
}

TEST_CASE("an error's sentence is cut and cleaned instead of being lost") {
  auto receipt = samples::receipt();
  receipt.message = std::string(999, 'x') + "ộ";
  receipt.where = "/a\x01\xff";
  const auto read = decode_receipt(encode(receipt)).value();
  CHECK(read.message == std::string(999, 'x'));
  CHECK(read.where == "/a\xef\xbf\xbd\xef\xbf\xbd");
}
