#include <algorithm>
#include <catch2/catch.hpp>

#include "controller/api/routes.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

enum class Expect {
  hidden,   ///< 404, as if it did not exist
  refused,  ///< 403 or 422: something named in the request is not theirs
  without,  ///< 200, with nothing of hue-a in it
  open      ///< belongs to no branch
};

struct Row {
  const char* route;  ///< "GET /api/v1/nodes/{id}"
  std::string path;
  std::string body;
  Expect expect = Expect::hidden;
};

// One row for each route: what the stranger of hue-b tries on things of hue-a. A new route without a row fails the test.
std::vector<Row> rows(const TestApi& api) {
  const std::string period = "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
  const std::string programme = "/api/v1/programmes/" + api.programme;
  const std::string stream = "/api/v1/streams/" + api.stream;
  const std::string schedule = R"({"programme":")" + api.programme +
                               R"(","areas":["hue-a"],"class":"normal","start":"2026-11-27T01:00:00Z"})";
  const std::string alert =
      R"({"area":"hue-a","status":"actual","event":"flood","title":"x","stock_clip":"flood","minutes":10})";
  const std::string user =
      R"({"name":"new-user","display_name":"x","password":"a good long password","grants":[{"role":"author","area":"hue-a"}]})";
  const std::string audio = R"({"voice":"espeak/vi"})";
  return {
      {"POST /api/v1/session", "", "", Expect::open},
      {"GET /api/v1/session", "", "", Expect::open},
      {"DELETE /api/v1/session", "", "", Expect::open},
      {"PUT /api/v1/session/password", "", "", Expect::open},
      {"GET /api/v1/sessions", "", "", Expect::open},
      {"DELETE /api/v1/sessions", "", "", Expect::open},
      {"DELETE /api/v1/sessions/{id}", "", "", Expect::open},
      {"POST /api/v1/session/proof", "", "", Expect::open},
      {"GET /api/v1/second-factor", "", "", Expect::open},
      {"POST /api/v1/second-factor", "", "", Expect::open},
      {"DELETE /api/v1/second-factor", "", "", Expect::open},
      {"POST /api/v1/second-factor/confirm", "", "", Expect::open},
      {"POST /api/v1/second-factor/recovery-codes", "", "", Expect::open},
      {"POST /api/v1/invitations", "", "", Expect::open},
      {"POST /api/v1/users/{id}/invitation", "/api/v1/users/" + api.user_author + "/invitation", ""},
      {"DELETE /api/v1/users/{id}/invitation", "/api/v1/users/" + api.user_author + "/invitation", ""},
      {"DELETE /api/v1/users/{id}/second-factor", "/api/v1/users/" + api.user_author + "/second-factor", ""},
      {"GET /api/v1/users/{id}/sessions", "/api/v1/users/" + api.user_author + "/sessions", ""},
      {"DELETE /api/v1/users/{id}/sessions", "/api/v1/users/" + api.user_author + "/sessions", ""},
      {"DELETE /api/v1/users/{id}/sessions/{session}", "/api/v1/users/" + api.user_author + "/sessions/s-x", ""},
      {"GET /api/v1/users", "/api/v1/users", "", Expect::without},
      {"POST /api/v1/users", "/api/v1/users", user, Expect::refused},
      {"GET /api/v1/users/{id}", "/api/v1/users/" + api.user_author, ""},
      {"PATCH /api/v1/users/{id}", "/api/v1/users/" + api.user_author, R"({"disabled":true})"},
      {"GET /api/v1/areas", "/api/v1/areas", "", Expect::without},
      {"POST /api/v1/areas", "/api/v1/areas", R"({"id":"hue-a-1","name":"x","kind":"zone","parent":"hue-a"})", Expect::refused},
      {"GET /api/v1/areas/{id}", "/api/v1/areas/hue-a", ""},
      {"PATCH /api/v1/areas/{id}", "/api/v1/areas/hue-a", R"({"name":"x"})"},
      {"PUT /api/v1/areas/{id}/policy", "/api/v1/areas/hue-a/policy", R"({"self_approval":true})"},
      {"PUT /api/v1/areas/{id}/settings", "/api/v1/areas/hue-a/settings", R"({"mute":true})"},
      {"GET /api/v1/areas/{id}/stock-clips", "/api/v1/areas/hue-a/stock-clips", ""},
      {"PUT /api/v1/areas/{id}/stock-clips/{name}", "/api/v1/areas/hue-a/stock-clips/sorry", R"({"programme":")" + api.programme + R"("})"},
      {"DELETE /api/v1/areas/{id}/stock-clips/{name}", "/api/v1/areas/hue-a/stock-clips/sorry", ""},
      {"POST /api/v1/areas/{id}/stop", "/api/v1/areas/hue-a/stop", ""},
      {"POST /api/v1/area-imports", "/api/v1/area-imports?prefix=hue-a",
       "code,name,kind,parent,lat,lon,km2,old_codes\n1,x,commune,,,,,\n", Expect::refused},
      {"GET /api/v1/nodes", "/api/v1/nodes", "", Expect::without},
      {"POST /api/v1/nodes", "/api/v1/nodes", R"({"code":"A-2","area":"hue-a","name":"x"})", Expect::refused},
      {"GET /api/v1/nodes/{id}", "/api/v1/nodes/" + api.node, ""},
      {"GET /api/v1/nodes/{id}/logs", "/api/v1/nodes/" + api.node + "/logs", ""},
      {"GET /api/v1/nodes/{id}/record-proof", "/api/v1/nodes/" + api.node + "/record-proof?log=log-1", ""},
      {"PATCH /api/v1/nodes/{id}", "/api/v1/nodes/" + api.node, R"({"name":"x"})"},
      {"PUT /api/v1/nodes/{id}/settings", "/api/v1/nodes/" + api.node + "/settings", R"({"mute":true})"},
      {"POST /api/v1/nodes/{id}/orders", "/api/v1/nodes/" + api.node + "/orders", R"({"kind":"restart"})"},
      {"POST /api/v1/nodes/{id}/revoke", "/api/v1/nodes/" + api.node + "/revoke", ""},
      {"POST /api/v1/node-replacements", "/api/v1/node-replacements", R"({"code":"A-1"})"},
      {"POST /api/v1/node-imports", "/api/v1/node-imports", "code,name,area,lat,lon\nA-9,x,hue-a,,\n", Expect::refused},
      {"POST /api/v1/refused-boards", "", "", Expect::open},
      {"GET /api/v1/hold", "/api/v1/hold", "", Expect::without},
      {"POST /api/v1/hold/alerts/{id}/keep", "", "", Expect::open},  // only on hold: hold_test.cpp
      {"POST /api/v1/hold/end", "", "", Expect::open},               // likewise
      {"GET /api/v1/receipts", "/api/v1/receipts", "", Expect::without},
      {"GET /api/v1/programmes", "/api/v1/programmes", "", Expect::without},
      {"POST /api/v1/programmes", "/api/v1/programmes", R"({"title":"x","area":"hue-a"})", Expect::refused},
      {"GET /api/v1/programmes/{id}", programme, ""},
      {"PATCH /api/v1/programmes/{id}", programme, R"({"title":"x"})"},
      {"POST /api/v1/programmes/{id}/audio", programme + "/audio", "RIFF"},
      {"POST /api/v1/programmes/{id}/speech", programme + "/speech", audio},
      {"POST /api/v1/programmes/{id}/submit", programme + "/submit", ""},
      {"POST /api/v1/programmes/{id}/approve", programme + "/approve", R"({"content_hash":")" + std::string(64, '0') + R"("})"},
      {"POST /api/v1/programmes/{id}/return", programme + "/return", R"({"reason":"x"})"},
      {"POST /api/v1/programmes/{id}/archive", programme + "/archive", ""},
      {"GET /api/v1/jobs/{id}", "/api/v1/jobs/" + api.job, ""},
      {"GET /api/v1/voices", "/api/v1/voices", "", Expect::open},
      {"GET /api/v1/streams", "/api/v1/streams", "", Expect::without},
      {"POST /api/v1/streams", "/api/v1/streams", R"({"name":"x","area":"hue-a","url":"https://radio.example/x"})", Expect::refused},
      {"GET /api/v1/streams/{id}", stream, ""},
      {"PATCH /api/v1/streams/{id}", stream, R"({"url":"https://radio.example/x"})"},
      {"POST /api/v1/streams/{id}/approve", stream + "/approve", R"({"content_hash":")" + std::string(64, '0') + R"("})"},
      {"PUT /api/v1/streams/{id}/plain-http", stream + "/plain-http", R"({"allowed":false})"},
      {"POST /api/v1/streams/{id}/retire", stream + "/retire", ""},
      {"GET /api/v1/broadcasts", "/api/v1/broadcasts", "", Expect::without},
      {"POST /api/v1/broadcasts", "/api/v1/broadcasts", schedule, Expect::refused},
      {"GET /api/v1/broadcasts/{id}", "/api/v1/broadcasts/" + api.broadcast, ""},
      {"POST /api/v1/broadcasts/{id}/cancel", "/api/v1/broadcasts/" + api.broadcast + "/cancel", ""},
      {"POST /api/v1/broadcast-previews", "/api/v1/broadcast-previews", schedule, Expect::refused},
      {"GET /api/v1/occurrences", "/api/v1/occurrences" + period, "", Expect::without},
      {"GET /api/v1/play-records", "/api/v1/play-records", "", Expect::without},
      {"GET /api/v1/alerts", "/api/v1/alerts", "", Expect::without},
      {"POST /api/v1/alerts", "/api/v1/alerts", alert, Expect::refused},
      {"GET /api/v1/alerts/{id}", "/api/v1/alerts/" + api.alert, ""},
      {"POST /api/v1/alerts/{id}/confirm", "/api/v1/alerts/" + api.alert + "/confirm",
       R"({"confirmation_token":"known token"})"},
      {"POST /api/v1/alerts/{id}/cancel", "/api/v1/alerts/" + api.alert + "/cancel", ""},
      {"GET /api/v1/stock-clips", "/api/v1/stock-clips", "", Expect::open},
      {"GET /api/v1/alarms", "/api/v1/alarms", "", Expect::without},
      {"POST /api/v1/alarms/{id}/acknowledge", "/api/v1/alarms/" + api.alarm + "/acknowledge", ""},
      {"GET /api/v1/keys", "/api/v1/keys", "", Expect::open},
      {"GET /api/v1/refusals", "/api/v1/refusals", "", Expect::without},
      {"GET /api/v1/audit", "/api/v1/audit", "", Expect::without},
      {"GET /api/v1/tokens", "/api/v1/tokens", "", Expect::without},
      {"POST /api/v1/tokens", "/api/v1/tokens", R"({"name":"x","area":"hue-a","scopes":["read:records"],"days":1})", Expect::refused},
      {"DELETE /api/v1/tokens/{id}", "/api/v1/tokens/" + api.token_id, ""},
      {"GET /api/v1/events", "", "", Expect::open},
      {"GET /healthz", "/healthz", "", Expect::open},
      {"GET /media/{file}", "", "", Expect::open},
  };
}

tests::HttpAnswer ask(tests::HttpClient& client, const Row& row) {
  const std::string method(row.route, std::string_view(row.route).find(' '));
  const bool csv = row.path.find("-imports") != std::string::npos;
  const char* type = csv ? "Content-Type: text/csv" : "Content-Type: application/json";
  return client.send(method, row.path, row.body, {type});
}

// Everything of hue-a as its own people see it.
std::string all_of_a(TestApi& api) {
  auto root = api.client("root");
  std::string all;
  for (const auto* path : {"/areas", "/nodes", "/programmes", "/streams", "/broadcasts", "/alerts", "/alarms", "/users", "/stock-clips"})
    all += root.get(std::string("/api/v1") + path).body + "\n";
  return all;
}

}  // namespace

TEST_CASE("a user of another branch reads and writes nothing, on every route") {
  TestApi api;
  const auto table = rows(api);
  for (const auto& route : routes()) {
    const auto name = std::string(name_of(route.method)) + " " + std::string(route.path);
    INFO("no row for " << name);
    CHECK(std::count_if(table.begin(), table.end(), [&](const auto& row) { return row.route == name; }) == 1);
  }
  const auto before = all_of_a(api);
  auto stranger = api.client("stranger");
  for (const auto& row : table) {
    if (row.path.empty()) continue;
    INFO(row.route);
    const auto answer = ask(stranger, row);
    INFO(answer.status << " " << answer.body.substr(0, 500));
    switch (row.expect) {
      case Expect::hidden: CHECK(answer.status == 404); break;
      case Expect::refused: CHECK((answer.status == 403 || answer.status == 422)); break;
      case Expect::open: CHECK(answer.status == 200); break;
      case Expect::without:
        CHECK(answer.status == 200);
        CHECK(answer.body.find("hue-a") == std::string::npos);
        for (const auto& id : {api.node, api.programme, api.broadcast, api.alert, api.alarm, api.unbound_alarm, api.draft, api.stream, api.user_author, api.token_id})
          CHECK(answer.body.find(id) == std::string::npos);
        break;
    }
  }
  CHECK(all_of_a(api) == before);
  CHECK(api.calls.orders.empty());
  CHECK(api.calls.alerts.empty());
  CHECK(api.calls.planned_areas.empty());
  CHECK(api.calls.jobs.empty());
}

TEST_CASE("lists asked for another branch's area are answered as if it did not exist") {
  TestApi api;
  auto stranger = api.client("stranger");
  for (const auto* path : {"nodes", "receipts", "programmes", "streams", "broadcasts", "play-records", "alerts", "alarms", "audit"}) {
    INFO(path);
    CHECK(stranger.get(std::string("/api/v1/") + path + "?area=hue-a").status == 404);
    CHECK(stranger.get(std::string("/api/v1/") + path + "?area=hue").status == 404);
    CHECK(stranger.get(std::string("/api/v1/") + path + "?area=hue-b").status == 200);
  }
}

TEST_CASE("every route wants a session, and the roles that the table names") {
  TestApi api;
  auto nobody = api.anyone();
  auto monitor = api.client("monitor");
  for (const auto& row : rows(api)) {
    if (row.path.empty()) continue;
    INFO(row.route);
    const auto found = std::find_if(routes().begin(), routes().end(), [&](const auto& route) {
      return std::string(name_of(route.method)) + " " + std::string(route.path) == row.route;
    });
    REQUIRE(found != routes().end());
    const auto answer = ask(nobody, row);
    CHECK((answer.status == 401) == (found->right != Right::anyone));
    if (gives(store::Role::monitor, found->right)) continue;
    CHECK(ask(monitor, row).code() == "forbidden");
  }
}

TEST_CASE("an event goes to those who may see its area, and to no other") {
  EventHub hub;
  store::Area root, a, b;
  root.id = "hue";
  a.id = "hue-a";
  b.id = "hue-b";
  a.parent = b.parent = "hue";
  hub.set_areas({root, a, b});
  const auto later = scheduler::from_ms(1000);
  auto of_a = hub.open("u-1", {"hue-a"}, later);
  auto of_b = hub.open("u-2", {"hue-b"}, later);
  auto of_all = hub.open("u-3", {"hue"}, later);
  hub.publish({"node", "n-1", "hue-a", "n-1", "ready", {}}, scheduler::from_ms(1));
  CHECK(of_a->pop());
  CHECK_FALSE(of_b->pop());
  CHECK(of_all->pop());
  hub.publish({"alarm", "m-1", "", "", "clock_behind", {}}, scheduler::from_ms(1));
  CHECK_FALSE(of_a->pop());
  CHECK(of_all->pop());
  hub.close_user("u-1");
  CHECK(of_a->closed());
  hub.publish({"node", "n-1", "hue-b", "n-1", "ready", {}}, later);
  CHECK(of_b->closed());
}

}  // namespace loa::api
