#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "scheduler/time.hpp"
#include "tests/support/recording.hpp"
#include "tests/system/shared_clock.hpp"

// How alerts end, judged by what a node's sink wrote.

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

double seconds_of(const std::string& rfc3339) { return static_cast<double>(loa::scheduler::to_ms(loa::scheduler::parse_rfc3339(rfc3339).value())) / 1000; }

/// A village with one node that is ready, and a clock of its own.
struct OneNode : Village {
  OneNode() : clock(*this) {
    restart_controller();
    add_node("PX-01", kWard);
    start_node("PX-01");
    REQUIRE(nodes_ready());
  }
  double loudness(double from, double to) { return recorded(node_folder("PX-01") / "sound.wav", from, to).loudness(); }
  bool sounds() { return loudness(seconds_now() - 0.7, seconds_now()) > 0.004; }
  double expires(const std::string& alert) { return seconds_of(text(admin().get("/alerts/" + alert), "expires_at")); }
  /// The one record of an alert's sounding whose reason is this.
  json::object ended(const std::string& alert, const std::string& reason) {
    json::object found;
    int of_it = 0;
    eventually(20s, [&] {
      of_it = 0;
      for (const auto& record : records("alert=" + alert))
        if (text(record, "reason") == reason) ++of_it, found = record.as_object();
      return of_it > 0;
    });
    INFO(json::serialize(records("alert=" + alert)) << last_words());
    CHECK(of_it == 1);
    REQUIRE(of_it == 1);
    return found;
  }

  SharedClock clock;
};

}  // namespace

TEST_CASE_METHOD(OneNode, "an alert that expires while it sounds falls silent then, and its record says how much was heard") {
  const auto id = alert({{"minutes", 1}});
  REQUIRE(eventually(15s, [&] { return sounds(); }));
  clock.pass(static_cast<int>(expires(id) - clock.now()) - 6);
  const auto silent = clock.machine_time(expires(id));  // a sounding lasts 16.4 s
  REQUIRE(eventually(12s, [&] { return seconds_now() > silent + 4; }));
  CHECK(loudness(silent - 1, silent - 0.1) > 0.004);
  CHECK(loudness(silent + 1, silent + 4) == 0);
  const auto record = ended(id, "expired");
  CHECK(text(record, "outcome") == "partial");
  const auto heard_s = silent - seconds_of(text(record, "started"));
  CHECK(record.at("heard_ms").to_number<double>() / 1000 == Approx(heard_s).margin(1));
  CHECK(heard_s < 12);
}

TEST_CASE_METHOD(OneNode, "an alert that expired while a node was away is not heard when it comes back") {
  node("PX-01").kill();
  const auto id = alert({{"minutes", 1}, {"repeats", 0}, {"repeat_every_s", 17}});
  clock.pass(62);
  start_node("PX-01");
  REQUIRE(node("PX-01").wait_for_line(std::string("of ") + kWard, 20s));  // the area's alerts came
  REQUIRE(nodes_ready());
  std::this_thread::sleep_for(4s);
  CHECK(loudness(0, clock.now()) == 0);
  for (const auto& record : records("alert=" + id)) CHECK(record.at("heard_ms") == 0);
}

TEST_CASE_METHOD(OneNode, "an update takes the place of what sounds, which ends as updated") {
  const auto first = alert({{"repeats", 3}, {"repeat_every_s", 30}});
  REQUIRE(eventually(15s, [&] { return sounds(); }));
  const auto second = alert({{"updates", json::array{first}}, {"stock_clip", "general"}, {"title", "Diễn tập, tin mới"}});
  const auto record = ended(first, "updated");
  CHECK(text(record, "outcome") == "cancelled");
  CHECK(record.at("heard_ms").as_int64() > 0);
  CHECK(record.at("heard_ms").as_int64() < record.at("planned_ms").as_int64());
  const auto played = wait_for_records("alert=" + second, 1, 40s);
  REQUIRE(played.size() == 1);
  CHECK(text(played[0], "outcome") == "played");
  CHECK(records("alert=" + first).size() == 1);  // none of its repeats came
}

TEST_CASE_METHOD(OneNode, "a cancel silences what sounds within a second and a half, and no repeat comes") {
  const auto id = alert({{"repeats", 0}, {"repeat_every_s", 17}});
  REQUIRE(eventually(15s, [&] { return sounds(); }));
  approver().post("/alerts/" + id + "/cancel");
  const auto cancelled = seconds_now();
  std::this_thread::sleep_for(20s);
  CHECK(loudness(cancelled + 1.5, seconds_now()) == 0);
  CHECK(text(ended(id, "cancelled"), "outcome") == "cancelled");
  CHECK(records("alert=" + id).size() == 1);
}
