#include "tests/system/village.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include <soci/soci.h>

#include "controller/store/sql.hpp"

using namespace loa::tests;
using Catch::Contains;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

using Words = std::vector<std::string>;

/// A village whose people use nothing but the command line.
struct Desk : Village {
  Said login(const std::string& person, const std::string& password_file = "password") {
    return loa(person, {"login", "--server", "https://localhost:" + std::to_string(https_port()), "--ca",
                        (folder() / "controller/authority/ca.pem").string(), "--user", person,
                        "--password-file", (folder() / password_file).string()});
  }
  /// What a command that must succeed prints, without the line's end.
  std::string done(const std::string& person, Words arguments) {
    const auto said = loa(person, std::move(arguments));
    INFO(said.out << said.err << last_words());
    REQUIRE(said.code == 0);
    return said.out.substr(0, said.out.find_last_not_of('\n') + 1);
  }
  json::value as_json(const std::string& person, Words arguments) {
    arguments.insert(arguments.begin(), "--json");
    return json::parse(done(person, std::move(arguments)));
  }
  void refused(const std::string& person, const Words& arguments, int code, const std::string& says) {
    const auto said = loa(person, arguments);
    INFO(said.out << said.err);
    CHECK(said.code == code);
    CHECK_THAT(said.err, Contains(says));
    CHECK(said.out.empty());
  }
};

std::size_t count(const json::value& list) { return list.as_array().size(); }

}  // namespace

TEST_CASE_METHOD(Desk, "loa signs in, says who is there, and signs out") {
  const auto session = folder() / "officer.session";
  std::ofstream(folder() / "wrong") << "not-the-password\n";
  const auto wrong = login("officer", "wrong");
  CHECK(wrong.code == 3);
  CHECK_THAT(wrong.err, Contains("loa: "));
  CHECK_FALSE(fs::exists(session));

  const auto right = login("officer");
  INFO(right.err << last_words());
  REQUIRE(right.code == 0);
  CHECK(right.out == "signed in as officer\n");
  CHECK((fs::status(session).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK_THAT(done("officer", {"whoami"}), Contains("officer") && Contains("author@hue-19753"));
  CHECK(as_json("officer", {"whoami"}).at("user").at("name").as_string() == "officer");

  CHECK(done("officer", {"logout"}) == "signed out");
  CHECK_FALSE(fs::exists(session));
  refused("officer", {"whoami"}, 3, "not signed in");
}

TEST_CASE_METHOD(Desk, "an announcement goes from text to schedule on the command line") {
  for (const auto* person : {"officer", "approver", "monitor"}) REQUIRE(login(person).code == 0);
  const auto programme = done("officer", {"programme", "create", "--title", "Đăng ký tạm trú", "--area",
                                          kWard, "--field", "Hộ tịch, cư trú", "--text", kTwoSentences});
  CHECK_THAT(programme, Catch::StartsWith("p-"));
  CHECK(done("officer", {"programme", "speak", programme, "--timeout", "30"}) == "done");
  done("officer", {"programme", "submit", programme});
  refused("officer", {"programme", "approve", programme}, 3, "(");
  refused("monitor", {"programme", "create", "--title", "Tin", "--area", kWard, "--text", "Tin."}, 3, "(");
  CHECK_THAT(done("approver", {"programme", "approve", programme}), Contains("approved: Đăng ký tạm trú"));
  CHECK(as_json("officer", {"programme", "list", "--state", "approved"})
            .as_array()
            .at(0)
            .at("id")
            .as_string() == programme);

  add_node("PX-01", kWard);
  const Words where{"--programme", programme, "--area",  kWard,
                    "--in",        "3600",    "--rrule", "FREQ=DAILY;COUNT=3"};
  Words add{"schedule", "add"};
  add.insert(add.end(), where.begin(), where.end());
  auto preview = add;
  preview.push_back("--preview");
  CHECK_THAT(done("officer", preview), Contains("1 nodes, 0 muted, 1 not heard of") && Contains("START"));
  CHECK(as_json("officer", preview).at("occurrences").as_array().size() == 3);
  CHECK(count(as_json("officer", {"schedule", "list"})) == 0);  // a preview saves nothing

  const auto broadcast = done("officer", add);
  CHECK_THAT(broadcast, Catch::StartsWith("b-"));
  CHECK_THAT(done("officer", {"schedule", "list", "--state", "active"}), Contains(broadcast));
  CHECK(count(as_json("monitor", {"log", "--broadcast", broadcast})) == 0);
  refused("monitor", {"log", "--broadcast", broadcast, "--wait", "1", "--timeout", "1"}, 6,
          "1 play records did not come within 1 s");
  done("officer", {"schedule", "cancel", broadcast});
  CHECK(count(as_json("officer", {"schedule", "list", "--state", "active"})) == 0);

  refused("officer", {"programme", "show", "p-unknown"}, 4, "(");
  refused("officer", {"schedule", "cancel", "b-unknown"}, 4, "(");
  refused("officer",
          {"schedule", "add", "--programme", programme, "--area", kWard, "--at", "2020-01-01T00:00:00Z"}, 1,
          "(");
}

TEST_CASE_METHOD(Desk, "a stream goes from its address to a relay on the command line, and out of it") {
  for (const auto* person : {"officer", "approver", "monitor"}) REQUIRE(login(person).code == 0);
  add_node("PX-01", kWard);
  refused("officer", {"stream", "add", "--name", "Đài", "--area", kWard, "--url", "https://anna@radio.example/live"}, 1, "bad_stream_url");
  refused("monitor", {"stream", "add", "--name", "Đài", "--area", kWard, "--url", "https://radio.example/live"}, 3, "(");
  const auto stream = done("officer", {"stream", "add", "--name", "Đài Huế", "--area", kWard, "--url", "http://radio.example/live"});
  CHECK_THAT(stream, Catch::StartsWith("st-"));
  const Words relay{"schedule", "add", "--stream", stream, "--minutes", "30", "--area", kWard, "--in", "3600"};
  refused("officer", relay, 1, "stream_not_approved");
  CHECK(done("approver", {"stream", "approve", stream}) == "approved: Đài Huế http://radio.example/live");
  refused("officer", relay, 1, "plain_http_not_allowed");
  refused("approver", {"stream", "allow-plain-http", stream}, 3, "(");
  CHECK(done("admin", {"stream", "allow-plain-http", stream}) == "approved, UNSAFE: without TLS");
  auto preview = relay;
  preview.push_back("--preview");
  CHECK_THAT(done("officer", preview), Contains("unsafe_stream") && Contains("no_substitute"));
  const auto broadcast = done("officer", relay);
  CHECK(as_json("officer", {"schedule", "list"}).at(0).at("stream").as_string() == stream);
  CHECK_THAT(done("officer", {"schedule", "list"}), Contains("NO TLS") && Contains("true") && Contains("Đài Huế"));
  CHECK_THAT(done("officer", {"stream", "list", "--state", "approved"}), Contains(stream) && Contains("http://radio.example/live"));
  CHECK(done("admin", {"stream", "forbid-plain-http", stream}) == "approved, in no plan: plain_http_not_allowed, UNSAFE: without TLS");
  CHECK(done("officer", {"stream", "change", stream, "--url", "https://radio.example/live"}) == "waiting, in no plan: stream_not_approved");
  CHECK(as_json("officer", {"schedule", "list"}).at(0).at("held_back").as_string() == "stream_not_approved");
  CHECK(as_json("approver", {"stream", "approve", stream}).at("state").as_string() == "approved");
  CHECK_FALSE(as_json("officer", {"schedule", "list"}).at(0).as_object().contains("held_back"));
  CHECK(done("officer", {"stream", "retire", stream}) == "retired");
  CHECK(as_json("officer", {"stream", "show", stream}).at("state").as_string() == "retired");
  refused("officer", {"stream", "retire", stream}, 1, "wrong_state");
  refused("officer", {"stream", "show", "st-unknown"}, 4, "(");
}

TEST_CASE_METHOD(Desk, "what sounds instead of a broadcast's programme is said on the command line, in its order") {
  for (const auto* person : {"officer", "approver"}) REQUIRE(login(person).code == 0);
  const auto written = [&](const std::string& title) {
    const auto id = done("officer", {"programme", "create", "--title", title, "--area", kWard, "--text", "Mời bà con nghe tin."});
    done("officer", {"programme", "speak", id, "--timeout", "30"});
    return id;
  };
  const auto approved = [&](const std::string& title) {
    const auto id = written(title);
    done("officer", {"programme", "submit", id});
    done("approver", {"programme", "approve", id});
    return id;
  };
  const auto news = approved("Tin xã"), first = approved("Tin dự phòng"), second = approved("Nhạc hiệu");
  const auto draft = written("Bản nháp");
  add_node("PX-01", kWard);
  const auto add = [&](const Words& substitutes) {
    Words words{"schedule", "add", "--programme", news, "--area", kWard, "--in", "3600"};
    for (const auto& id : substitutes) words.insert(words.end(), {"--substitute", id});
    return words;
  };
  refused("officer", add({first, draft}), 1, "/substitutes/1");
  refused("officer", add({news}), 1, "/substitutes/0");
  CHECK(count(as_json("officer", {"schedule", "list"})) == 0);

  done("officer", add({second, first}));
  const auto list = as_json("officer", {"schedule", "list"});
  REQUIRE(count(list) == 1);
  CHECK(list.at(0).at("substitutes") == json::value{second, first});
}

TEST_CASE_METHOD(Desk, "node add writes one bundle for its owner's eyes, and never over a file") {
  const auto bundle = folder() / "PX-01.json";
  const Words add{"node", "add", "PX-01", "--area", kWard, "--name", "Chợ", "--out", bundle.string()};
  CHECK_THAT(done("admin", add), Contains("loa-node --bundle " + bundle.string()));
  CHECK((fs::status(bundle).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  const auto written = fs::file_size(bundle);
  CHECK(count(as_json("admin", {"nodes"})) == 1);

  refused("admin", add, 1, bundle.string() + " exists already");
  refused("admin", {"node", "add", "PX-02", "--area", kWard, "--out", bundle.string()}, 1, "exists already");
  CHECK(fs::file_size(bundle) == written);
  refused("admin",
          {"node", "add", "PX-02", "--area", kWard, "--out", (folder() / "missing/PX-02.json").string()}, 1,
          "cannot create");
  refused("admin", {"node", "add", "PX-02", "--area", "hue-0", "--out", (folder() / "PX-02.json").string()},
          1, "(");
  CHECK_FALSE(fs::exists(folder() / "PX-02.json"));
  CHECK(count(as_json("admin", {"nodes"})) == 1);  // none was made whose keys nobody has

  refused("admin", {"node", "show", "PX-02"}, 4, "no node PX-02 that you may see");
  done("admin", {"node", "mute", "PX-01"});
  done("admin", {"node", "volume", "PX-01", "--volume", "60", "--hours", "05:00-06:00=30", "--hours", "21:00-24:00=40"});
  CHECK_THAT(done("admin", {"node", "show", "PX-01"}), Contains("\"mute\": true") && Contains("\"to\": \"24:00\""));
  CHECK(as_json("admin", {"node", "volume", "PX-01", "--no-hours"}).at("effective_settings").at("volume_by_hour").as_array().empty());
  refused("admin", {"node", "volume", "PX-01", "--hours", "5-6"}, 2, "FROM-TO=PERCENT");
  refused("admin", {"node", "volume", "PX-01", "--hours", "05:00-25:00=40"}, 1, "bad_time");
  refused("admin", {"nodes", "--wait-ready", "1", "--timeout", "1"}, 6, "did not come within 1 s");
}

TEST_CASE_METHOD(Desk, "an alert that nobody confirms is not sent") {
  for (const auto* person : {"officer", "approver"}) REQUIRE(login(person).code == 0);
  add_node("PX-01", kWard);
  const Words raise{"alert", "raise",   "--area",   kWard,      "--event",
                    "flood", "--title", "Diễn tập", "--status", "exercise"};
  const auto active = [this] { return count(as_json("approver", {"alert", "list", "--state", "active"})); };

  const auto unconfirmed = loa("approver", raise);  // nothing is typed
  CHECK(unconfirmed.code == 1);
  CHECK_THAT(unconfirmed.err,
             Contains("sounds at once on 1 nodes") && Contains("not confirmed, nothing was sent"));
  CHECK(unconfirmed.out.empty());
  CHECK(active() == 0);
  CHECK(count(as_json("approver", {"alert", "list", "--state", "pending"})) == 0);
  refused("officer", raise, 3, "(");

  auto confirmed = raise;
  confirmed.push_back("--yes");
  const auto alert = done("approver", confirmed);
  CHECK_THAT(alert, Catch::StartsWith("l-"));
  CHECK(active() == 1);
  CHECK(done("approver", {"alert", "cancel", alert}) == "cancelled");
  CHECK(active() == 0);
}

TEST_CASE_METHOD(Desk, "loa log verify proves what boards signed, and finds what was changed in the database") {
  for (const auto* person : {"admin", "monitor"}) REQUIRE(login(person).code == 0);
  CHECK_THAT(done("monitor", {"log", "verify"}), Contains("0 records in 0 logs"));
  add_node("PX-01", kWard);
  start_node("PX-01");
  REQUIRE(nodes_ready());
  const auto heard = alert({{"repeats", 1}});
  REQUIRE(wait_for_records("alert=" + heard, 1, std::chrono::seconds(60)).size() == 1);
  CHECK(done("monitor", {"log", "verify"}) == "1 records in 1 logs are what the boards signed; nothing is missing");
  CHECK(as_json("monitor", {"log", "verify", "--node", "PX-01"}).at("records") == 1);
  refused("monitor", {"log", "verify", "--node", "PX-09"}, 4, "no node PX-09 here");

  controller().stop();
  const auto database = (folder() / "controller/loa.db").string();
  CHECK(done("nobody", {"log", "verify", "--database", database, "--node", "PX-01"}) ==
        "1 records in 1 logs are what the boards signed; nothing is missing");
  loa::store::sql::execute(*loa::store::open_session(database), "update play_records set heard_ms = heard_ms + 1");
  const auto changed = loa("nobody", {"--json", "log", "verify", "--database", database});
  CHECK(changed.code == 1);
  CHECK_THAT(changed.err, Contains("1 faults; 0 records are what the boards signed"));
  CHECK(json::parse(changed.out).at(0).at("fault") == "changed");
}

TEST_CASE_METHOD(Desk, "an authority is not ended while boards count on it, and their names are said") {
  const auto root = (folder() / "root.pem").string(), controller = (folder() / "controller").string();
  const auto add = [&](const std::string& code) { done("admin", {"node", "add", code, "--area", kWard, "--out", (folder() / (code + ".json")).string()}); };
  add("PX-01");
  add("PX-02");
  const auto number = as_json("admin", {"keys", "status"}).at("number").as_int64();
  CHECK_FALSE(as_json("admin", {"keys", "status"}).as_object().contains("older_authority"));
  done("admin", {"keys", "rotate", "--root", root, "--controller", controller, "--authority"});
  REQUIRE(eventually(std::chrono::seconds(10), [&] { return as_json("admin", {"keys", "status"}).at("number").as_int64() > number; }));
  const auto behind = [&] {
    Words codes;
    const auto status = as_json("admin", {"keys", "status"});
    for (const auto& node : status.at("older_authority").as_array()) codes.emplace_back(node.at("code").as_string());
    return codes;
  };
  CHECK(behind() == Words{"PX-01", "PX-02"});
  CHECK_THAT(done("admin", {"keys", "status"}), Contains("2 nodes have no certificate by Loa CA ") && Contains("PX-01"));

  const Words end{"keys", "request", (folder() / "end.json").string(), "--controller", controller, "--end-authority"};
  refused("admin", end, 1, "boards without a certificate by the next authority would be shut out (2): PX-01 (with its bundle, not joined), PX-02");
  CHECK_FALSE(fs::exists(folder() / "end.json"));
  refused("admin", {"keys", "rotate", "--root", root, "--controller", controller, "--end-authority"}, 1, "would be shut out (2): PX-01");
  auto elsewhere = end;
  elsewhere.insert(elsewhere.end(), {"--database", (folder() / "none.db").string()});
  refused("admin", elsewhere, 1, "nobody can tell which boards would be shut out");

  // A new bundle is by the new authority, and so is what a board gets that joins.
  done("admin", {"node", "replace", "PX-01", "--out", (folder() / "PX-01.new.json").string()});
  CHECK(behind() == Words{"PX-02"});
  refused("admin", end, 1, "would be shut out (1): PX-02");
  SECTION("with consent") {
    auto anyway = end;
    anyway.push_back("--leave-behind");
    done("admin", anyway);
  }
  SECTION("with nobody left") {
    done("admin", {"node", "revoke", "PX-02"});
    CHECK(behind().empty());
    CHECK_THAT(done("admin", {"keys", "status"}), Contains("every node has its certificate by Loa CA "));
    done("admin", end);
  }
  CHECK(fs::exists(folder() / "end.json"));
}
