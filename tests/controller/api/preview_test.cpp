#include <catch2/catch.hpp>

#include "controller/store/broadcasts.hpp"
#include "controller/store/occurrences.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {

TEST_CASE("a preview says what would sound otherwise than asked, as the nodes will") {
  TestApi api;
  auto author = api.client("author");
  const auto body = [&](const std::string& cls, const std::string& start) {
    return R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"class":")" + cls + R"(","start":"2026-11-27T)" + start +
           R"(Z","rrule":"FREQ=DAILY;COUNT=3"})";
  };
  const auto saved = author.post("/api/v1/broadcasts", body("normal", "22:30:00"));
  REQUIRE(saved.status == 201);
  struct Row {
    const char* name;
    const char* cls;
    const char* start;
    const char* code;
  };
  const Row rows[] = {{"an equal that is due while it sounds waits", "normal", "22:30:30", "would_wait"},
                      {"an equal that is due before makes the other wait", "normal", "22:29:30", "would_disturb"},
                      {"a priority interrupts the other", "priority", "22:30:30", "would_disturb"}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto seen = author.post("/api/v1/broadcast-previews", body(row.cls, row.start));
      REQUIRE(seen.status == 200);
      CHECK(seen.text("/problems/0/code") == row.code);
      CHECK(seen.text("/problems/0/severity") == "warning");
      CHECK(seen.text("/problems/0/count") == "3");
      CHECK(seen.text("/problems/0/pointer") == "/start");
      CHECK(seen.text("/problems/0/other/broadcast") == saved.text("/id"));
      CHECK(seen.text("/problems/0/other/title") == "Luật Căn cước");
      CHECK(seen.text("/problems/0/other/start") == "2026-11-27T22:30:00Z");
      CHECK(seen.text("/problems/0/other/elsewhere") == "false");
      CHECK(seen.body.find("overlaps") == std::string::npos);
      CHECK(author.post("/api/v1/broadcasts", body(row.cls, row.start)).status == 201);
    }
  }
  SECTION("one that is apart is simply played") {
    CHECK(author.post("/api/v1/broadcast-previews", body("normal", "22:31:00")).body.find("would_") == std::string::npos);
  }
}

TEST_CASE("of a broadcast of another area a preview tells no more than the caller may see") {
  TestApi api;
  auto root = api.client("root");
  auto author = api.client("author");
  const auto body = [](const std::string& programme, const std::string& start) {
    return R"({"programme":")" + programme + R"(","areas":["hue-a"],"class":"normal","start":"2026-11-27T)" + start + R"(Z"})";
  };
  const auto secret = api.approved_programme("hue", "Của tỉnh");
  std::string id;
  api.write([&](store::Transaction& transaction) {
    store::Broadcast above;
    above.id = id = "b-" + std::string(26, 'z');
    above.programme = secret;
    above.area = "hue";
    above.areas = {"hue"};
    above.when.start = scheduler::to_local(scheduler::parse_rfc3339("2026-11-27T22:30:00Z").value(), above.when.zone);
    above.creator = api.user_author;
    store::add_broadcast(transaction, above);
  });
  const auto other = [&] {
    return author.post("/api/v1/broadcast-previews", body(api.programme, "22:30:30")).text("/problems/0/other");
  };
  CHECK(other() == R"({"elsewhere":true})");
  api.write([&](store::Transaction& transaction) {
    const auto due = scheduler::parse_rfc3339("2026-11-27T22:30:00Z").value();
    store::expect_plan(transaction, api.node, {{scheduler::occurrence_id(id, due), api.node, id, "", secret, "Của tỉnh",
                                                scheduler::Class::normal, due, std::chrono::minutes(1), 1, ""}});
  });
  CHECK(other().find("Của tỉnh") != std::string::npos);
}

TEST_CASE("a broadcast that would make a node's plan too large is refused, and the node named") {
  TestApi api;
  auto author = api.client("author");
  const std::string hourly = "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;COUNT=";
  api.write([&](store::Transaction& transaction) {
    for (int i = 0; i < 5; ++i) {
      store::Broadcast made;
      made.id = "b-" + std::string(26, static_cast<char>('p' + i));
      made.programme = api.programme;
      made.area = "hue-a";
      made.areas = {"hue-a"};
      made.when.start = scheduler::parse_local("2026-11-25T10:00:00").value();
      made.when.rrule = hourly + "350";
      made.creator = api.user_author;
      store::add_broadcast(transaction, made);
    }
  });
  const auto body = [&](int count) {
    return R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"class":"normal","start":"2026-11-25T22:30:00Z","rrule":")" +
           hourly + std::to_string(count) + R"("})";
  };
  const auto seen = author.post("/api/v1/broadcast-previews", body(300));
  REQUIRE(seen.status == 200);
  CHECK(seen.text("/problems/0/code") == "plan_full");
  CHECK(seen.text("/problems/0/severity") == "error");
  CHECK(seen.text("/problems/0/count") == "1");
  CHECK(seen.text("/problems/0/nodes/0/code") == "A-1");
  CHECK(author.post("/api/v1/broadcasts", body(300)).code() == "plan_full");
}

}  // namespace loa::api
