#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "protocol/codec.hpp"
#include "protocol/topics.hpp"
#include "tests/support/places.hpp"
#include "tests/system/thief.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace protocol = loa::protocol;

namespace {

/// The machine with the root key: a folder apart from everything that runs.
class Safe {
 public:
  explicit Safe(Village& village) : village_(village) {
    for (const auto& entry : std::filesystem::directory_iterator(village.folder()))
      if (entry.path().filename().string().starts_with("root.pem"))
        std::filesystem::rename(entry.path(), folder_ / entry.path().filename());
  }
  std::string root() const { return (folder_ / "root.pem").string(); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  /// `loa keys …` with these arguments; fails with its own words.
  json::value keys(std::vector<std::string> arguments) {
    std::vector<std::string> argv{(program_folder() / "loa").string(), "--json", "keys"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return json::parse(village_.run(argv, "keys-" + std::to_string(++calls_)));
  }

 private:
  Village& village_;
  TempFolder folder_;
  int calls_ = 0;
};

json::value report(Village& village, const std::string& code) {
  const auto node = village.admin().get("/nodes/" + village.node_id(code));
  const auto* found = node.as_object().if_contains("report");
  return found ? *found : json::value(json::object{});
}

std::string sounding(Village& village, const std::string& code) { return text(report(village, code), "sounding"); }

std::int64_t number(const json::value& report, const char* member) {
  const auto* found = report.as_object().if_contains(member);
  return found ? found->to_number<std::int64_t>() : -1;
}

/// What the node itself says of a refusal, in its own log.
bool node_says(Village& village, const std::string& code, const std::string& words) {
  return eventually(15s, [&] {
    const auto node = village.node(code).err() + village.node(code).out();
    return node.find(words) != std::string::npos;
  });
}

loa::scheduler::Item clip_of(Village& village, const std::string& programme) {
  const auto clip = village.officer().get("/programmes/" + programme).at("clip");
  return {loa::scheduler::ItemKind::clip, loa::scheduler::Millis{clip.at("duration_ms").to_number<std::int64_t>()},
          text(clip, "sha256"), clip.at("bytes").to_number<std::int64_t>(), "", false};
}

void played(const json::array& records, std::size_t count) {
  INFO(json::serialize(records));
  REQUIRE(records.size() == count);
  for (const auto& record : records) CHECK(text(record, "outcome") == "played");
}

}  // namespace

TEST_CASE("the controller's disk is copied: keys that came by file end what the thief made sound, and shut him out for good") {
  Village village;
  Safe safe(village);
  for (const char* code : {"PX-02", "PX-01"}) village.add_node(code, Village::kWard);
  for (const char* code : {"PX-02", "PX-01"}) village.start_node(code);
  REQUIRE(village.nodes_ready());
  const auto programme = village.approved_programme();
  const auto first = village.schedule(programme, 5s);
  played(village.wait_for_records("broadcast=" + first, 2, 40s), 2);
  village.node("PX-02").stop();  // it is off while all this happens
  const auto controller = village.controller().pid();

  // He comes in under the controller's name, with numbers and times that nobody can top.
  Thief thief(village);
  const Thief::Aim aim{village.node_id("PX-01"), {"hue", Village::kWard}, clip_of(village, programme)};
  const auto first_set = thief.keys().key_set_jws;
  const auto false_broadcast = thief.capture(aim, 30s);
  INFO((false_broadcast.empty() ? village.last_words() : ""));
  REQUIRE_FALSE(false_broadcast.empty());
  const auto sounds = eventually(20s, [&] { return sounding(village, "PX-01").starts_with("b-false"); });
  INFO((sounds ? "" : village.last_words()));
  CHECK(sounds);
  const auto false_alert = thief.alarm(aim);
  REQUIRE_FALSE(false_alert.empty());
  REQUIRE(eventually(20s, [&] { return sounding(village, "PX-01").starts_with(false_alert); }));

  // The controller asks, the machine with the root key answers; the controller never stops.
  const auto state = (village.folder() / "controller").string();
  safe.keys({"request", safe.file("request.json"), "--controller", state});
  const auto made = safe.keys({"revoke", "--all", "--root", safe.root(), "--in", safe.file("request.json"), "--out", safe.file("keyset.jws")});
  CHECK(made.at("number") == 2);
  safe.keys({"import", safe.file("keyset.jws"), "--controller", state});
  const auto imported = std::chrono::steady_clock::now();
  REQUIRE(eventually(10s, [&] { return number(report(village, "PX-01"), "key_set") == 2 && sounding(village, "PX-01").empty(); }));
  const auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - imported);
  CHECK(silent < 5s);
  CHECK(village.controller().running());
  CHECK(village.controller().pid() == controller);
  const auto ended = village.wait_for_records("alert=" + false_alert, 1, 20s);
  INFO((ended.empty() ? village.last_words() : ""));
  REQUIRE_FALSE(ended.empty());
  CHECK(text(ended[0], "outcome") == "cancelled");
  CHECK(text(ended[0], "reason") == "revoked");

  // The true plan plays, although its numbers and times are far below the thief's.
  const auto ready = eventually(20s, [&] { return text(village.admin().get("/nodes/" + aim.node), "status") == "ready"; });
  INFO((ready ? "" : village.last_words()));
  REQUIRE(ready);
  const auto true_broadcast = village.schedule(programme, 6s);
  played(village.wait_for_records("node=" + aim.node + "&broadcast=" + true_broadcast, 1, 40s), 1);

  // He tries again with what he has: alert, plan and the key set of before.
  CHECK_FALSE(thief.alarm(aim).empty());
  CHECK(thief.capture(aim, 5s).empty());
  CHECK(node_says(village, "PX-01", "revoked_key"));
  CHECK(thief.leave(protocol::keys_topic(), first_set));
  CHECK(node_says(village, "PX-01", "old_revision: /rev: key set 1 is not above 2"));
  CHECK(number(report(village, "PX-01"), "key_set") == 2);
  CHECK(sounding(village, "PX-01").empty());

  // A node that was off takes the newest keys, then head, then plan.
  village.start_node("PX-02");
  const auto caught_up = eventually(40s, [&] { return number(report(village, "PX-02"), "key_set") == 2 && village.nodes_ready(0ms); });
  INFO((caught_up ? "" : village.last_words()));
  REQUIRE(caught_up);
  const auto last = village.schedule(programme, 6s);
  played(village.wait_for_records("broadcast=" + last, 2, 40s), 2);

  // Nothing that he signed was heard after the new set came.
  for (const auto& record : village.records("node=" + aim.node)) {
    const bool is_false = text(record, "broadcast").starts_with("b-false") || text(record, "alert").starts_with("l-false");
    if (is_false) CHECK(text(record, "reason") != "");
  }
  CHECK(village.records("node=" + village.node_id("PX-02") + "&broadcast=b-false").empty());
  const auto status = village.loa("admin", {"keys", "status"});
  CHECK(status.code == 0);
  CHECK(status.out.find("every node holds it") != std::string::npos);
}
