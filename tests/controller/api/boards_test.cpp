#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/sql.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

struct Boards : TestApi {
  tests::HttpClient admin = client("root");

  tests::HttpAnswer import(const std::string& csv) { return admin.send("POST", "/api/v1/node-imports", csv, {"Content-Type: text/csv"}); }
  std::size_t nodes() { return admin.get("/api/v1/nodes?limit=200").json().at("items").as_array().size(); }
  bool told_of(const std::string& id) {
    const std::lock_guard lock(calls.mutex);
    return std::count(calls.changed_nodes.begin(), calls.changed_nodes.end(), id) > 0;
  }
  std::vector<store::NodeKeys> keys_of(const std::string& id) {
    return write([&](store::Transaction& t) { return store::list_node_keys(t.session(), id); });
  }
  /// A record of what `node` played at `minute`.
  void played(const std::string& node_id, int minute) {
    write([&](store::Transaction& t) {
      scheduler::PlayRecord record;
      record.log_id = "log-" + node_id;
      record.number = minute;
      record.previous_hash = protocol::first_previous_hash();
      record.broadcast_id = "b-x";
      record.due = t.now() - std::chrono::minutes(100 - minute);
      record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
      record.title = "Tin";
      record.outcome = scheduler::Outcome::played;
      record.recorded = t.now();
      store::add_records(t, node_id, {record}, {protocol::record_hash(record)});
    });
  }
};

}  // namespace

TEST_CASE_METHOD(Boards, "a revoked board is a node no more, and its keys have ended") {
  const auto revoked = admin.post("/api/v1/nodes/" + node + "/revoke");
  REQUIRE(revoked.status == 200);
  CHECK(revoked.text("/code") == "A-1");
  CHECK(admin.get("/api/v1/nodes/" + node).status == 404);
  CHECK(told_of(node));
  for (const auto& keys : keys_of(node)) CHECK(keys.ended);
  CHECK(admin.post("/api/v1/nodes/" + node + "/revoke").code() == "wrong_state");
  CHECK(admin.post("/api/v1/nodes/n-none/revoke").status == 404);
  CHECK(admin.get("/api/v1/audit").body.find("\"retire\"") != std::string::npos);
}

TEST_CASE_METHOD(Boards, "whether the broker was told to bar a board is said, and nothing that is not known") {
  const auto first = admin.post("/api/v1/nodes/" + node + "/revoke");
  CHECK(first.json().at("barred").as_bool());
  CHECK_FALSE(first.json().as_object().contains("detail"));
  {
    const std::lock_guard lock(calls.mutex);
    broker_deaf = "loa-broker-reload does not run";
  }
  const auto made = admin.post("/api/v1/node-replacements", R"({"code":"A-1"})");
  REQUIRE(made.status == 201);
  CHECK_FALSE(made.json().at("barred").as_bool());
  CHECK(made.text("/detail") == "loa-broker-reload does not run");
  const auto second = admin.post("/api/v1/nodes/" + made.text("/node") + "/revoke");
  REQUIRE(second.status == 200);
  CHECK_FALSE(second.json().at("barred").as_bool());
  CHECK(second.text("/detail") == "loa-broker-reload does not run");
}

TEST_CASE_METHOD(Boards, "a controller takes so many nodes that the broker's files still hold them, and says so before") {
  write([](store::Transaction& t) {
    store::sql::execute(t.session(),
                        "insert into nodes (id, code, name, area, signing_key, certificate_serial, created)"
                        " with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < :most)"
                        " select 'n-' || i, 'M-' || i, 'x', 'hue-a', '', '', 0 from numbers",
                        store::sql::params(store::kMostNodes - 3));
  });
  const std::string header = "code,name,area,lat,lon\n";
  const auto two = import(header + "N-1,x,hue-a,,\nN-2,x,hue-a,,\n");
  CHECK(two.code() == "bad_csv");
  CHECK_THAT(two.body, Catch::Contains("line 3") && Catch::Contains("at most 20,000 nodes"));
  const std::string next = R"({"code":"N-3","area":"hue-a","name":"x"})";
  CHECK(admin.post("/api/v1/nodes", next).status == 201);
  CHECK(admin.post("/api/v1/nodes", R"({"code":"N-4","area":"hue-a","name":"x"})").code() == "too_many_nodes");
  CHECK(import(header + "N-4,x,hue-a,,\n").code() == "bad_csv");
}

TEST_CASE_METHOD(Boards, "a new board has all that the place has, and its history") {
  played(node, 1);
  const auto before = admin.get("/api/v1/nodes/" + node);
  admin.put("/api/v1/nodes/" + node + "/settings", R"({"volume":35})");
  const bool revoked_first = GENERATE(false, true);
  INFO(revoked_first);
  if (revoked_first) REQUIRE(admin.post("/api/v1/nodes/" + node + "/revoke").status == 200);
  const auto made = admin.post("/api/v1/node-replacements", R"({"code":"A-1"})");
  REQUIRE(made.status == 201);
  const auto board = made.text("/node");
  CHECK(made.text("/before") == node);
  CHECK(board != node);
  CHECK(made.text("/bundle").find(board) != std::string::npos);
  CHECK(told_of(node));
  CHECK(told_of(board));

  const auto now = admin.get("/api/v1/nodes/" + board);
  for (const char* member : {"/code", "/name", "/area", "/lat", "/lon"}) CHECK(now.text(member) == before.text(member));
  CHECK(now.text("/settings/volume") == "35");
  CHECK(admin.get("/api/v1/nodes/" + node).status == 404);
  for (const auto& keys : keys_of(node)) CHECK(keys.ended);
  CHECK(keys_of(board).at(0).bundled);
  CHECK(now.text("/certificate/by") == admin.get("/api/v1/keys").text("/authorities/0/name"));
  CHECK(now.json().at("certificate").at("bundled").as_bool());
  CHECK_FALSE(before.json().at("certificate").as_object().contains("by"));  // the store does not know it

  played(board, 2);
  const auto history = admin.get("/api/v1/play-records?from=2020-01-01T00:00:00Z&node=" + board).json().at("items").as_array();
  CHECK(history.size() == 2);
}

TEST_CASE_METHOD(Boards, "broadcasts that name a board name the one in its place") {
  const auto scheduled = client("both").post("/api/v1/broadcasts", R"({"programme":")" + programme + R"(","class":"normal","nodes":[")" + node +
                                                                       R"("],"start":"2026-11-27T01:00:00Z"})");
  REQUIRE(scheduled.status == 201);
  const auto board = admin.post("/api/v1/node-replacements", R"({"code":"A-1"})").text("/node");
  CHECK(admin.get("/api/v1/broadcasts/" + scheduled.text("/id")).body.find(board) != std::string::npos);
}

TEST_CASE_METHOD(Boards, "a place that is not there, or is another branch's, gets no board") {
  CHECK(admin.post("/api/v1/node-replacements", R"({"code":"NONE"})").status == 404);
  CHECK(admin.post("/api/v1/node-replacements", R"({})").code() == "missing_field");
  REQUIRE(admin.post("/api/v1/nodes/" + node + "/revoke").status == 200);
  CHECK(client("stranger").post("/api/v1/node-replacements", R"({"code":"A-1"})").status == 404);
  CHECK(client("author").post("/api/v1/node-replacements", R"({"code":"A-1"})").status == 403);
}

TEST_CASE_METHOD(Boards, "a place that changes while its new board is made gets none") {
  SECTION("moved to another area") {
    meanwhile = [this] {
      write([this](store::Transaction& t) {
        auto moved = *store::find_node(t.session(), node);
        moved.area = "hue-b";
        store::update_node(t, moved);
      });
    };
  }
  SECTION("replaced by another") {
    meanwhile = [this] {
      write([](store::Transaction& t) {
        auto board = *store::find_place(t.session(), "A-1");
        board.id = "n-another";
        store::replace_node(t, board);
      });
    };
  }
  const auto answer = admin.post("/api/v1/node-replacements", R"({"code":"A-1"})");
  meanwhile = nullptr;
  CHECK(answer.status == 409);
  CHECK(answer.code() == "changed_meanwhile");
  CHECK(answer.body.find("bundle") == std::string::npos);
}

TEST_CASE_METHOD(Boards, "many nodes come from one file, each with its bundle") {
  const auto before = nodes();
  const auto made = import("\xef\xbb\xbf" "code,name,area,lat,lon\r\nN-1,\"Chợ, cổng sau\",hue-a,16.4,107.6\r\nN-2,,hue-b,,\r\n");
  REQUIRE(made.status == 201);
  const auto items = made.json().at("items").as_array();
  REQUIRE(items.size() == 2);
  CHECK(items[0].at("code") == "N-1");
  CHECK(made.text("/items/1/bundle").find(made.text("/items/1/node")) != std::string::npos);
  CHECK(nodes() == before + 2);
  const auto one = admin.get("/api/v1/nodes/" + made.text("/items/0/node"));
  CHECK(one.text("/name") == "Chợ, cổng sau");
  CHECK(one.text("/area") == "hue-a");
  CHECK(admin.get("/api/v1/nodes/" + made.text("/items/1/node")).text("/name") == "N-2");
  CHECK(told_of(made.text("/items/0/node")));
}

TEST_CASE_METHOD(Boards, "a file with any fault makes no node, and each fault is said by its line") {
  const std::string header = "code,name,area,lat,lon\n";
  const std::string good = "N-1,x,hue-a,,\n";
  std::string many = header;
  for (int row = 0; row <= 500; ++row) many += "M-" + std::to_string(row) + ",x,hue-a,,\n";
  struct Row {
    const char* name;
    std::string csv;
    std::vector<std::string> faults;  ///< pointer of each
  };
  const std::vector<Row> rows{
      {"an empty file", "", {"/1/row"}},
      {"another header", "code;name;area\n", {"/1/row"}},
      {"a header alone", header, {"/1/row"}},
      {"a cell too few", header + good + "N-2,x,hue-a,\n", {"/3/row"}},
      {"a bad code", header + "../etc,x,hue-a,,\n" + good + ".N,x,hue-a,,\n", {"/2/code", "/4/code"}},
      {"no code", header + ",x,hue-a,,\n", {"/2/code"}},
      {"a code that is taken", header + good + "A-1,x,hue-a,,\n", {"/3/code"}},
      {"a code twice", header + good + "N-2,x,hue-a,,\n" + good, {"/4/code"}},
      {"an unknown area", header + good + "N-2,x,nowhere,,\n", {"/3/area"}},
      {"a place that is none", header + "N-1,x,hue-a,91,180.5\n", {"/2/lat", "/2/lon"}},
      {"several at once", header + "A-1,x,nowhere,x,\n" + good, {"/2/lat", "/2/code", "/2/area"}},
      {"a quote that is not closed", header + "N-1,\"x,hue-a,,\n", {"/2/row"}},
      {"a zero byte in a name", header + std::string("N-1,x\0y,hue-a,,\n", 16), {"/2/name"}},
      {"not UTF-8", header + good + "N-2,\xff,hue-a,,\n", {"/3/row"}},
      {"more than 500", many, {"/502/row"}},
  };
  const auto before = nodes();
  for (const auto& row : rows) {
    INFO(row.name);
    const auto answer = import(row.csv);
    CHECK(answer.status == 422);
    CHECK(answer.code() == "bad_csv");
    std::vector<std::string> faults;
    const auto problem = answer.json();
    for (const auto& fault : problem.at("errors").as_array()) faults.emplace_back(fault.at("pointer").as_string());
    CHECK(faults == row.faults);
    CHECK(nodes() == before);
  }
  CHECK(import(many.substr(0, many.rfind("M-500"))).status == 201);  // 500 are taken
  CHECK(nodes() == 200);  // a page of the list is full
  CHECK(admin.send("POST", "/api/v1/node-imports", header + good, {"Content-Type: application/json"}).code() == "wrong_content_type");
  // One row of another branch is a fault of that row.
  const auto others = client("stranger").send("POST", "/api/v1/node-imports", header + "N-1,x,hue-b,,\nN-2,x,hue-a,,\n", {"Content-Type: text/csv"});
  CHECK(others.text("/errors/0/pointer") == "/3/area");
}

TEST_CASE_METHOD(Boards, "a board that the broker refuses is heard without a session, and told nothing") {
  auto nobody = anyone();
  const auto tell = [&](const std::string& body) { return nobody.send("POST", "/api/v1/refused-boards", body, {"Content-Type: application/jose"}); };
  CHECK(tell("a.b.c").status == 202);
  CHECK(tell("a.b.c").body == "{}");
  CHECK(tell(std::string(17'000, 'x')).code() == "too_large");
  CHECK(calls.refused_boards == std::vector<std::string>{"a.b.c", "a.b.c"});
}

}  // namespace loa::api
