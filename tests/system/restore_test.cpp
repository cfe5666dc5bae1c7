#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "tests/support/places.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

std::string program(const char* name) { return (program_folder() / name).string(); }

/// A village whose controller is lost and comes back from a backup.
struct Province : Village {
  void back_up() {
    run({program("loa-controller"), "backup", (folder() / "backup").string(), "--config", (folder() / "controller.toml").string()}, "backup");
  }
  /// The disk is gone, with everything that was written since.
  void lose_controller() {
    controller().kill();
    fs::rename(folder() / "controller", folder() / "lost");
  }
  void restore() {
    run({program("loa-controller"), "restore", (folder() / "backup").string(), "--state", (folder() / "controller").string()}, "restore");
    come_back();
  }
  bool answers() {
    try {
      return hold().at("on_hold").is_bool();
    } catch (const std::exception&) {
      return false;
    }
  }
  json::value hold() { return admin().get("/hold"); }
  json::value report(const char* code) {
    const auto node = admin().get("/nodes/" + node_id(code));
    const auto* found = node.as_object().if_contains("report");
    return found ? *found : json::value();
  }
  std::int64_t plan_held(const char* code) {
    const auto said = report(code);
    return said.is_object() ? said.at("plan_held").as_int64() : 0;
  }
  std::size_t sounded(const std::string& alert) {
    std::size_t heard = 0;
    for (const auto& record : records("alert=" + alert))
      if (record.at("heard_ms").as_int64() > 0) ++heard;
    return heard;
  }
  /// Whether these nodes hold their wanted plan with every file, by their own report.
  bool ready(const std::set<std::string>& codes) {
    std::size_t ready = 0;
    const auto page = admin().get("/nodes");
    for (const auto& node : page.at("items").as_array()) {
      const auto* said = node.as_object().if_contains("report");
      if (said && codes.contains(text(node, "code")) && text(node, "status") == "ready" && said->at("plan_verified") == node.at("wanted_plan")) ++ready;
    }
    return ready == codes.size();
  }
  /// Plans that a node refused, as its receipts say.
  int refused_plans() {
    int refused = 0;
    const auto page = admin().get("/receipts?limit=200");
    for (const auto& one : page.at("items").as_array())
      if (text(one, "about") == "loa-plan" && !one.at("accepted").as_bool()) ++refused;
    return refused;
  }
};

std::multiset<std::string> nodes_of(const json::array& records) {
  std::multiset<std::string> nodes;
  for (const auto& record : records) nodes.insert(text(record, "node_code"));
  return nodes;
}

const std::multiset<std::string> kEachOnce{"AL-01", "PX-01"};
const std::set<std::string> kBoth{"AL-01", "PX-01"};

void require_ready(Province& province, std::chrono::milliseconds limit = 40s, const std::set<std::string>& codes = {"PX-01"}) {
  const bool ready = eventually(limit, [&] { return province.ready(codes); });
  INFO((ready ? "" : province.last_words()));
  REQUIRE(ready);
}

}  // namespace

TEST_CASE("yesterday's backup brings the controller back: nothing is refused, lost, used again or heard that should not be") {
  Province province;
  province.add_node("PX-01", Village::kWard);
  province.add_node("AL-01", Village::kCommune);
  province.add_node("PX-09", Village::kWard);
  for (const char* code : {"PX-01", "AL-01", "PX-09"}) province.start_node(code);
  require_ready(province, 60s, {"PX-01", "AL-01", "PX-09"});
  const auto programme = province.approved_programme();
  const auto alert = province.alert({{"repeats", 50}, {"repeat_every_s", 20}});
  REQUIRE(province.wait_for_records("alert=" + alert, 1, 40s).size() >= 1);
  province.back_up();

  // What the backup does not know: the alert ends, a board is revoked, a broadcast is heard, another one waits, the key is rotated.
  const auto revoked = province.loa("admin", {"node", "revoke", "PX-09"});
  INFO(revoked.err);
  REQUIRE(revoked.code == 0);
  province.approver().post("/alerts/" + alert + "/cancel");
  const auto heard = province.schedule(programme, 6s);
  const auto coming = province.schedule(programme, std::chrono::hours(20));
  const auto played = province.wait_for_records("broadcast=" + heard, 2, 60s);
  INFO(json::serialize(played) << province.last_words());
  REQUIRE(nodes_of(played) == kEachOnce);
  province.run({program("loa"), "keys", "rotate", "--root", (province.folder() / "root.pem").string(), "--controller", (province.folder() / "controller").string()}, "rotate");
  REQUIRE(eventually(30s, [&] { return province.answers() && province.report("PX-01").is_object() && province.admin().get("/keys").at("number") == 2; }));
  require_ready(province, 60s, kBoth);
  const auto plan = std::map<std::string, std::int64_t>{{"PX-01", province.plan_held("PX-01")}, {"AL-01", province.plan_held("AL-01")}};
  const auto sounded = province.sounded(alert);

  province.lose_controller();
  province.restore();

  // On hold: it shows what it found, takes the records that it lacks, and moves no node.
  REQUIRE(province.hold().at("on_hold") == true);
  const auto found = [&] {
    const auto hold = province.hold();
    return !hold.at("occurrences").as_array().empty() && hold.at("alerts").as_array().size() == 1 && text(hold.at("alerts").at(0), "broker") == "cancelled" &&
           hold.at("key_set").at("number") == 2;
  };
  CHECK(eventually(30s, found));
  const auto hold = province.hold();
  INFO(json::serialize(hold));
  std::set<std::string> notes;
  for (const auto& note : hold.at("notes").as_array()) notes.insert(text(note, "kind") + " " + text(note, "id"));
  CHECK(notes.contains("revoked_node " + province.node_id("PX-09")));
  CHECK(text(hold.at("alerts").at(0), "id") == alert);
  for (const auto& one : hold.at("occurrences").as_array()) CHECK(text(one, "broadcast") == coming);
  CHECK(nodes_of(province.wait_for_records("broadcast=" + heard, 2, 60s)) == kEachOnce);
  const json::value another{{"area", Village::kWard}, {"status", "exercise"}, {"event", "flood"}, {"title", "x"}, {"stock_clip", "flood"}, {"minutes", 30}};
  CHECK(province.approver().request("POST", "/alerts", &another).status == 409);
  for (const auto& [code, revision] : plan) CHECK(province.plan_held(code.c_str()) == revision);
  const auto health = province.admin().health();
  CHECK(text(health, "status") == "degraded");

  const auto ended = province.loa("admin", {"hold", "end"});
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  require_ready(province, 60s, kBoth);
  for (const auto& [code, revision] : plan) CHECK(province.plan_held(code.c_str()) > revision);
  CHECK(province.refused_plans() == 0);
  CHECK(province.hold().at("on_hold") == false);
  CHECK(text(province.approver().get("/alerts/" + alert), "state") == "cancelled");
  CHECK(province.admin().get("/keys").at("number") == 2);
  const auto nodes = province.admin().get("/nodes");
  for (const auto& node : nodes.at("items").as_array()) CHECK(text(node, "code") != "PX-09");

  const auto fresh = province.schedule(programme, 6s);
  CHECK(std::set<std::string>{heard, coming, fresh}.size() == 3);
  const auto again = province.wait_for_records("broadcast=" + fresh, 2, 60s);
  INFO(json::serialize(again) << province.last_words());
  REQUIRE(nodes_of(again) == kEachOnce);
  for (const auto& record : again) CHECK(text(record, "outcome") == "played");
  CHECK(nodes_of(province.records("broadcast=" + heard)) == kEachOnce);
  CHECK(province.sounded(alert) == sounded);
}

TEST_CASE("a controller that moved to another machine keeps its names, and starts with an empty broker", "[long]") {
  Province province;
  province.add_node("PX-01", Village::kWard);
  province.start_node("PX-01");
  require_ready(province);
  const auto programme = province.approved_programme();
  province.back_up();
  province.lose_controller();
  province.broker().kill();
  fs::remove_all(province.folder() / "live");
  fs::remove_all(province.folder() / "data");
  fs::create_directories(province.folder() / "data");
  province.restore();
  const bool files = eventually(20s, [&] { return fs::exists(province.folder() / "live/mosquitto.conf"); });
  INFO((files ? "" : province.last_words()));
  REQUIRE(files);
  province.start_broker();
  std::set<std::string> notes;
  const auto hold = province.hold();
  for (const auto& note : hold.at("notes").as_array()) notes.insert(text(note, "kind"));
  CHECK(notes == std::set<std::string>{"accounts", "no_broker_files"});
  REQUIRE(province.loa("admin", {"hold", "end"}).code == 0);
  require_ready(province, 60s);
  const auto broadcast = province.schedule(programme, 6s);
  const auto records = province.wait_for_records("broadcast=" + broadcast, 1, 60s);
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "played");
  CHECK(province.refused_plans() == 0);
}

TEST_CASE("a controller that moved to addresses announced before is found there by every node", "[long]") {
  Province province;
  province.add_node("PX-01", Village::kWard);
  province.start_node("PX-01");
  require_ready(province);
  const auto programme = province.approved_programme();
  const auto before = province.plan_held("PX-01");
  province.announce_second_place();
  require_ready(province);
  REQUIRE(eventually(30s, [&] { return province.plan_held("PX-01") > before; }));
  require_ready(province);
  province.back_up();
  province.lose_controller();
  province.broker().kill();
  province.move_to_second_place();
  province.restore();
  REQUIRE(eventually(20s, [&] { return fs::exists(province.folder() / "live/mosquitto.conf"); }));
  province.start_broker();
  REQUIRE(province.loa("admin", {"hold", "end"}).code == 0);
  require_ready(province, 90s);
  const auto broadcast = province.schedule(programme, 8s);
  const auto records = province.wait_for_records("broadcast=" + broadcast, 1, 60s);
  INFO(json::serialize(records) << province.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "played");
  CHECK(province.refused_plans() == 0);
}
