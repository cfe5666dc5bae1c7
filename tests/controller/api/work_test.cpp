#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "controller/store/sql.hpp"
#include "tests/controller/api/fixture.hpp"
#include "tests/controller/http/raw_client.hpp"

namespace loa::api {
namespace {

std::string programme_path(const std::string& id, const std::string& step = {}) {
  return "/api/v1/programmes/" + id + (step.empty() ? "" : "/" + step);
}

std::string approval(const tests::HttpAnswer& programme) {
  return R"({"content_hash":")" + programme.text("/content_hash") + R"("})";
}

}  // namespace

TEST_CASE("text is spoken, submitted, returned, spoken again, approved") {
  TestApi api;
  auto author = api.client("author");
  auto approver = api.client("approver");
  const auto made = author.post("/api/v1/programmes", R"({"title":"Luật Đất đai","area":"hue-a","text":"Kính thưa bà con."})");
  REQUIRE(made.status == 201);
  CHECK(made.text("/state") == "draft");
  const auto id = made.text("/id");
  CHECK(author.post(programme_path(id, "submit")).code() == "no_sound");
  const auto job = author.post(programme_path(id, "speech"), R"({"voice":"espeak/vi"})");
  REQUIRE(job.status == 202);
  const auto done = [&] { return author.get("/api/v1/jobs/" + job.text("/id")).text("/state") == "done"; };
  REQUIRE(api.eventually(done));
  CHECK(author.get(programme_path(id)).text("/clip/duration_ms") == "10000");
  CHECK(author.post(programme_path(id, "approve"), R"({"content_hash":"x"})").code() == "forbidden");
  CHECK(author.post(programme_path(id, "submit")).text("/state") == "waiting");
  CHECK(approver.post(programme_path(id, "return"), R"({"reason":"Thiếu số hiệu"})").text("/returned/reason") == "Thiếu số hiệu");

  const auto changed = author.patch(programme_path(id), R"({"text":"Văn bản khác."})");
  CHECK(changed.text("/state") == "draft");
  CHECK(changed.text("/clip").empty());
  author.post(programme_path(id, "speech"), R"({"voice":"espeak/vi"})");
  REQUIRE(api.eventually([&] { return !author.get(programme_path(id)).text("/clip").empty(); }));
  const auto waiting = author.post(programme_path(id, "submit"));
  CHECK(approver.post(programme_path(id, "approve"), R"({"content_hash":")" + std::string(64, '0') + R"("})").code() == "content_changed");
  const auto approved = approver.post(programme_path(id, "approve"), approval(waiting));
  CHECK(approved.text("/state") == "approved");
  CHECK(approved.text("/approved/by/name") == "approver");
  CHECK(author.patch(programme_path(id), R"({"title":"Tên khác"})").text("/state") == "draft");
}

TEST_CASE("an author approves no own programme unless the area's policy allows") {
  TestApi api;
  auto both = api.client("both");
  const auto id = both.post("/api/v1/programmes", R"({"title":"x","area":"hue-a","text":"y"})").text("/id");
  both.post(programme_path(id, "speech"), R"({"voice":"espeak/vi"})");
  REQUIRE(api.eventually([&] { return !both.get(programme_path(id)).text("/clip").empty(); }));
  const auto waiting = both.post(programme_path(id, "submit"));
  CHECK(both.post(programme_path(id, "approve"), approval(waiting)).code() == "own_programme");
  auto root = api.client("root");
  CHECK(root.put("/api/v1/areas/hue/policy", R"({"self_approval":true})").text("/effective_policy/self_approval") == "true");
  CHECK(both.post(programme_path(id, "approve"), approval(waiting)).text("/state") == "approved");
}

TEST_CASE("who changed another's programme may not approve it either") {
  TestApi api;
  auto author = api.client("author");
  auto both = api.client("both");
  auto approver = api.client("approver");
  const auto id = author.post("/api/v1/programmes", R"({"title":"x","area":"hue-a","text":"y"})").text("/id");
  REQUIRE(both.patch(programme_path(id), R"({"text":"z"})").status == 200);
  author.post(programme_path(id, "speech"), R"({"voice":"espeak/vi"})");
  REQUIRE(api.eventually([&] { return !author.get(programme_path(id)).text("/clip").empty(); }));
  const auto waiting = author.post(programme_path(id, "submit"));
  CHECK(both.post(programme_path(id, "approve"), approval(waiting)).code() == "own_programme");
  CHECK(approver.post(programme_path(id, "approve"), approval(waiting)).text("/state") == "approved");
}

TEST_CASE("a job that still runs is shown, blocks a second one, and its failure says why") {
  TestApi api;
  api.finish_jobs = false;
  auto author = api.client("author");
  const auto job = author.upload(programme_path(api.draft, "audio?filename=a.wav"), std::string(1000, 'x'), "audio/wav");
  REQUIRE(job.status == 202);
  CHECK(author.get("/api/v1/jobs/" + job.text("/id")).text("/percent") == "40");
  CHECK(author.post(programme_path(api.draft, "speech"), R"({"voice":"espeak/vi"})").code() == "job_running");
  CHECK(author.post(programme_path(api.draft, "submit")).code() == "job_running");
  const auto& upload = std::get<media::Upload>(api.calls.jobs.at(0));
  CHECK(std::filesystem::file_size(upload.file) == 1000);
}

TEST_CASE("the result of a job that the store does not take at once is offered again, and holds nothing up for good") {
  TestApi api;
  auto author = api.client("author");
  const auto speak = [&] { return author.post(programme_path(api.draft, "speech"), R"({"voice":"espeak/vi"})"); };
  api.write([](store::Transaction& t) { store::sql::execute(t.session(), "alter table clips rename to away", {}); });
  const auto job = "/api/v1/jobs/" + speak().text("/id");
  const auto state = [&] { return author.get(job).text("/state"); };
  SECTION("for a moment") {
    CHECK(state() == "running");
    CHECK(speak().code() == "job_running");
    api.write([](store::Transaction& t) { store::sql::execute(t.session(), "alter table away rename to clips", {}); });
    REQUIRE(api.eventually([&] { return state() == "done"; }));
    CHECK_FALSE(author.get(programme_path(api.draft)).text("/clip").empty());
  }
  SECTION("for long") {
    REQUIRE(api.eventually([&] { return state() == "failed"; }));
    CHECK(author.get(job).text("/problem/code") == "not_kept");
    api.write([](store::Transaction& t) { store::sql::execute(t.session(), "alter table away rename to clips", {}); });
    CHECK(speak().status == 202);
  }
}

TEST_CASE("a broadcast is shown before it is saved, saved, and cancelled") {
  TestApi api;
  auto author = api.client("author");
  auto root = api.client("root");
  root.put("/api/v1/nodes/" + api.node + "/settings", R"({"mute":true})");
  const auto body = R"({"programme":")" + api.programme +
                    R"(","areas":["hue-a"],"class":"normal","start":"2026-11-27T22:30:00Z","rrule":"FREQ=DAILY;COUNT=3"})";
  const auto preview = author.post("/api/v1/broadcast-previews", body);
  REQUIRE(preview.status == 200);
  CHECK(preview.json().at("occurrences").get_array().size() == 3);
  CHECK(preview.text("/occurrences/0/local_start") == "2026-11-28T05:30:00");
  CHECK(preview.text("/occurrences/1/start") == "2026-11-28T22:30:00Z");
  CHECK(preview.text("/reach") == R"({"total":1,"muted":1,"offline":1})");
  CHECK(preview.text("/problems/0/code") == "muted_nodes");
  CHECK(preview.text("/problems/0/severity") == "warning");
  const auto saved = author.post("/api/v1/broadcasts", body);
  REQUIRE(saved.status == 201);
  CHECK(saved.text("/next_start") == "2026-11-27T22:30:00Z");
  const auto path = "/api/v1/broadcasts/" + saved.text("/id");
  CHECK(author.post(programme_path(api.programme, "archive")).code() == "scheduled");
  CHECK(author.get("/api/v1/broadcasts?state=active").body.find(saved.text("/id")) != std::string::npos);
  CHECK(author.post(path + "/cancel").text("/state") == "cancelled");
  CHECK(author.post(path + "/cancel").code() == "wrong_state");
  CHECK(author.get("/api/v1/broadcasts?state=active").body.find(saved.text("/id")) == std::string::npos);
  CHECK(api.calls.planned_areas == std::vector<std::string>{"hue-a", "hue-a"});
}

TEST_CASE("outside the area's windows nothing is scheduled") {
  TestApi api;
  auto root = api.client("root");
  auto author = api.client("author");
  const char* policy = R"({"windows":[{"days":["mo","tu","we","th","fr"],"from":"05:30","to":"07:00"}],"max_session_minutes":15})";
  REQUIRE(root.put("/api/v1/areas/hue/policy", policy).status == 200);
  CHECK(author.get("/api/v1/areas/hue-a").text("/effective_policy/windows/0/from") == "05:30");
  const auto start = [&](const char* time) {
    return author.post("/api/v1/broadcasts", R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"class":"normal","start":")" +
                                                 time + R"("})");
  };
  CHECK(start("2026-11-26T22:00:00Z").code() == "outside_window");
  CHECK(start("2026-11-26T22:30:00Z").status == 201);
  CHECK(root.put("/api/v1/areas/hue/policy", R"({"windows":[{"days":[],"from":"07:00","to":"05:00"}]})").status == 422);
}

TEST_CASE("an alert takes two steps, the second with the token of the first") {
  TestApi api;
  auto approver = api.client("approver");
  auto author = api.client("author");
  const char* body = R"({"area":"hue-a","status":"actual","event":"flood","title":"Lũ","stock_clip":"flood","minutes":60,"repeats":3})";
  CHECK(author.post("/api/v1/alerts", body).code() == "forbidden");
  const auto prepared = approver.post("/api/v1/alerts", body);
  REQUIRE(prepared.status == 201);
  CHECK(prepared.text("/nodes") == "1");
  CHECK(prepared.text("/offline_nodes") == "1");
  CHECK(prepared.text("/alert/state") == "pending");
  CHECK(api.calls.alerts.empty());
  const auto path = "/api/v1/alerts/" + prepared.text("/id");
  const auto token = R"({"confirmation_token":")" + prepared.text("/confirmation_token") + R"("})";
  CHECK(approver.post(path + "/confirm", R"({"confirmation_token":"guess"})").code() == "wrong_token");
  CHECK(author.post(path + "/confirm", token).code() == "forbidden");
  CHECK(api.calls.alerts.empty());
  SECTION("confirmed, it is sent, and cancelled later") {
    const auto active = approver.post(path + "/confirm", token);
    CHECK(active.text("/state") == "active");
    CHECK(active.text("/expires_at") == "2026-11-25T02:00:00Z");
    CHECK(approver.post(path + "/cancel", R"({"only":"pending"})").code() == "wrong_state");
    CHECK(approver.post(path + "/cancel", R"({"only":"active"})").code() == "unknown_value");
    const auto again = approver.post(path + "/confirm", token);  // its answer may have been lost
    CHECK(again.text("/state") == "active");
    CHECK(again.text("/expires_at") == "2026-11-25T02:00:00Z");
    CHECK(api.calls.alerts == std::vector<std::string>{"hue-a"});
    CHECK(approver.post(path + "/cancel").text("/state") == "cancelled");
    CHECK(approver.post(path + "/confirm", token).code() == "wrong_state");
    CHECK(api.calls.alerts == std::vector<std::string>{"hue-a", "hue-a"});
  }
  SECTION("taken back before it is confirmed, it is not sent") {
    CHECK(approver.post(path + "/cancel", R"({"only":"pending"})").text("/state") == "cancelled");
    CHECK(approver.post(path + "/confirm", token).code() == "wrong_state");
    CHECK(api.calls.alerts.empty());
  }
  SECTION("too late, it is not sent") {
    api.clock.tick(std::chrono::minutes(5));
    CHECK(approver.post(path + "/confirm", token).code() == "confirmation_expired");
    CHECK(api.calls.alerts.empty());
  }
}

TEST_CASE("a node is made with its bundle, once for each code, and takes orders and settings") {
  TestApi api;
  auto admin = api.client("admin");
  const auto made = admin.post("/api/v1/nodes", R"({"code":"A-2","area":"hue-a","name":"Tổ 5","lat":16.4,"lon":107.6})");
  REQUIRE(made.status == 201);
  const auto id = made.text("/node/id");
  CHECK(made.text("/bundle") == "bundle of " + id + " in hue-a");
  CHECK(made.text("/node/status") == "unknown");
  CHECK(admin.post("/api/v1/nodes", R"({"code":"A-2","area":"hue-a","name":"x"})").code() == "code_taken");
  CHECK(admin.get("/api/v1/areas/hue-a").text("/nodes/total") == "2");
  const auto path = "/api/v1/nodes/" + id;
  const auto order = admin.post(path + "/orders", R"({"kind":"self_test"})");
  CHECK(order.status == 202);
  CHECK(api.calls.orders.at(0).areas == std::vector<std::string>{"hue", "hue-a"});
  CHECK(admin.post(path + "/orders", R"({"kind":"restart","from_number":3})").code() == "not_here");
  CHECK(admin.post("/api/v1/areas/hue-a/stop").json().at("items").get_array().size() == 2);
  CHECK(api.calls.orders.at(1).kind == protocol::OrderKind::stop);
  admin.put("/api/v1/areas/hue-a/settings", R"({"mute":true,"volume":70})");
  const auto muted = admin.put(path + "/settings", R"({"mute":false})");
  CHECK(muted.text("/effective_settings/mute") == "true");
  CHECK(muted.text("/effective_settings/muted_by") == "hue-a");
  CHECK(muted.text("/effective_settings/volume") == "70");
  CHECK(admin.put(path + "/settings", R"({"volume":101})").code() == "out_of_range");
  CHECK(api.calls.changed_nodes == std::vector<std::string>{id});
}

TEST_CASE("who watches sees keys, audit and health; changes reach the event stream") {
  TestApi api;
  auto root = api.client("root");
  auto author = api.client("author");
  auto cookie = author.post("/api/v1/session", R"({"name":"author","password":"a good long password"})").headers["set-cookie"];
  http::RawClient stream(api.port);
  stream.send("GET /api/v1/events HTTP/1.1\r\nHost: a\r\nCookie: " + cookie.substr(0, cookie.find(';')) + "\r\n\r\n");
  REQUIRE(stream.read(":\n\n").find("text/event-stream") != std::string::npos);
  const auto id = author.post("/api/v1/programmes", R"({"title":"x","area":"hue-a"})").text("/id");
  CHECK(stream.read(id).find("event: programme\ndata: {\"id\":\"" + id) != std::string::npos);
  CHECK(root.get("/api/v1/keys").text("/keys/0/may_sign/1") == "loa-alert");
  CHECK(root.get("/api/v1/keys").text("/authorities/0/name") == "Loa CA 7f3a9c21");
  CHECK(root.get("/api/v1/keys").text("/authorities/0/sha256").size() == 64);
  CHECK(root.get("/api/v1/audit?limit=1").body.find(id) != std::string::npos);
  const auto first = root.get("/api/v1/audit?limit=2");
  const auto second = root.get("/api/v1/audit?limit=2&cursor=" + first.text("/next_cursor"));
  CHECK(first.text("/items/1/number") > second.text("/items/0/number"));
  CHECK(api.anyone().get("/healthz").text("/status") == "ok");
}

TEST_CASE("lists come in pages that neither repeat nor miss") {
  TestApi api;
  auto author = api.client("author");
  for (int i = 0; i < 5; ++i) author.post("/api/v1/programmes", R"({"title":"x)" + std::to_string(i) + R"(","area":"hue-a"})");
  std::set<std::string> ids;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = author.get("/api/v1/programmes?limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
    const auto body = page.json();
    for (const auto& item : body.at("items").get_array()) CHECK(ids.insert(std::string(item.at("id").get_string())).second);
    cursor = page.text("/next_cursor");
    ++pages;
  } while (!cursor.empty());
  CHECK(ids.size() == 7);
  CHECK(pages == 3);
}

TEST_CASE("clips and the page are served beside the API, and nothing else") {
  TestApi api;
  const std::string name(64, 'a');
  std::ofstream(api.folder / ("clips/" + name)) << "OggS sound";
  auto anyone = api.anyone();
  const auto clip = anyone.get("/media/" + name + ".opus", {"Range: bytes=0-3"});
  CHECK(clip.status == 206);
  CHECK(clip.body == "OggS");
  CHECK(clip.headers.at("cache-control").find("immutable") != std::string::npos);
  CHECK(anyone.get("/media/" + std::string(64, 'b') + ".opus").status == 404);
  CHECK(anyone.get("/media/..%2f" + name + ".opus").status == 404);
  CHECK(anyone.get("/api/v1/nothing").status == 404);
  CHECK(anyone.del("/api/v1/areas").headers.at("allow") == "GET, POST");
  auto browser = api.anyone();
  browser.unchecked();
  CHECK(browser.get("/programmes").body.find("page") != std::string::npos);
  CHECK(browser.post("/programmes", "{}").status != 200);
}

}  // namespace loa::api
