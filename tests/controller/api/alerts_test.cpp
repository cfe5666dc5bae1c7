#include <algorithm>
#include <catch2/catch.hpp>

#include "controller/store/clips.hpp"
#include "controller/store/programmes.hpp"
#include "fixture.hpp"

using namespace loa::api;
using loa::tests::HttpAnswer;
using loa::tests::HttpClient;
namespace store = loa::store;

namespace {

std::string body(const std::string& more) {
  return R"({"area":"hue-a","status":"actual","event":"flood","title":"Lũ","minutes":10)" + more + "}";
}

HttpAnswer confirm(HttpClient& client, const HttpAnswer& prepared) {
  return client.post("/api/v1/alerts/" + prepared.text("/id") + "/confirm",
                     R"({"confirmation_token":")" + prepared.text("/confirmation_token") + R"("})");
}

}  // namespace

TEST_CASE("the text of an alert is spoken into its clip before it is sent") {
  TestApi api;
  auto client = api.client("approver");
  const auto prepared = client.post("/api/v1/alerts", body(R"(,"text":"Nước đang lên.\nHãy rời đi ngay.","repeats":0)"));
  INFO(prepared.body);
  REQUIRE(prepared.status == 201);
  CHECK(prepared.text("/alert/speech") == "making");
  CHECK(prepared.text("/alert/stock_clip") == "flood");
  const auto sent = confirm(client, prepared);
  INFO(sent.body);
  CHECK(sent.text("/state") == "active");
  CHECK(sent.text("/speech") == "spoken");
  CHECK(sent.text("/clip/duration_ms") == "10000");
  CHECK(sent.text("/repeats") == "0");
  CHECK(sent.text("/repeat_every_s") == "30");  // a sounding is at most the stock clip and then its own, and a pause
  CHECK(api.calls.alerts == std::vector<std::string>{"hue-a"});
}

TEST_CASE("an alert whose text cannot be spoken goes with its stock clip, and says so") {
  TestApi api;
  api.job_problem = loa::media::Problem{"queue_full", "Too much waits to be made."};
  auto client = api.client("approver");
  const auto prepared = client.post("/api/v1/alerts", body(R"(,"text":"Nước đang lên.")"));
  const auto sent = confirm(client, prepared);
  CHECK(sent.text("/state") == "active");
  CHECK(sent.text("/speech") == "failed");
  CHECK(sent.text("/speech_problem") == "Too much waits to be made.");
  CHECK(sent.text("/stock_clip") == "flood");
  CHECK_FALSE(sent.json().as_object().contains("clip"));
}

TEST_CASE("an alert without any sound named takes the stock clip of its event") {
  TestApi api;
  CHECK(api.client("approver").post("/api/v1/alerts", body("")).text("/alert/stock_clip") == "flood");
}

TEST_CASE("an area has stock clips of its own, made of approved programmes, and names one as its stand-in") {
  TestApi api;
  auto root = api.client("root");
  auto approver = api.client("approver");
  const std::string path = "/api/v1/areas/hue-a/stock-clips";
  CHECK(root.put("/api/v1/areas/hue-a/settings", R"({"stand_in":"sorry"})").code() == "unknown_stock_clip");
  CHECK(approver.put(path + "/sorry", R"({"programme":")" + api.draft + R"("})").code() == "not_approved");
  CHECK(approver.put(path + "/Sorry", R"({"programme":")" + api.programme + R"("})").code() == "bad_stock_name");
  const auto put = approver.put(path + "/sorry", R"({"programme":")" + api.programme + R"("})");
  INFO(put.body);
  CHECK(put.text("/items/0/name") == "sorry");
  CHECK(put.text("/items/0/title") == "Luật Căn cước");
  const auto set = root.put("/api/v1/areas/hue-a/settings", R"({"stand_in":"sorry"})");
  INFO(set.body);
  CHECK(set.text("/effective_settings/stand_in") == "sorry");
  CHECK(root.put("/api/v1/areas/hue-b/settings", R"({"stand_in":"sorry"})").code() == "unknown_stock_clip");
  CHECK(approver.post("/api/v1/alerts", body(R"(,"stock_clip":"sorry")")).text("/alert/stock_clip") == "sorry");
  CHECK(std::count(api.calls.planned_areas.begin(), api.calls.planned_areas.end(), "hue-a") == 2);
}

TEST_CASE("what an area's nodes hold is everyone's stock, that of the areas above, and its own before both") {
  TestApi api;
  auto approver = api.client("approver");
  const auto put = [&](const std::string& area, const std::string& name, const std::string& programme) {
    api.write([&](store::Transaction& t) {
      const auto known = store::find_programme(t.session(), programme).value();
      REQUIRE(store::put_area_stock_clip(t, {area, {name, known.clip_sha256, known.title}}));
    });
  };
  put("hue", "sorry", api.approved_programme("hue", "Lời của tỉnh"));
  put("hue", "closing", api.approved_programme("hue", "Lời kết"));
  put("hue-a", "sorry", api.programme);
  const auto held = approver.get("/api/v1/areas/hue-a/stock-clips?which=held");
  INFO(held.body);
  std::string said;
  const auto listed = held.json();
  for (const auto& one : listed.at("items").as_array()) {
    const auto* area = one.as_object().if_contains("area_name");
    said += std::string(one.at("name").as_string()) + ":" + (area ? std::string(area->as_string()) : "-") + " ";
  }
  CHECK(said == "closing:Thành phố Huế flood:- sorry:Xã A ");
  CHECK(approver.get("/api/v1/areas/hue-a/stock-clips").json().at("items").as_array().size() == 1);
  CHECK(approver.get("/api/v1/areas/hue-a/stock-clips?which=all").code() == "bad_parameter");
}

TEST_CASE("a broadcast names approved programmes that stand in for its own") {
  TestApi api;
  auto author = api.client("both");
  const auto spare = api.approved_programme("hue-a", "Nhạc hiệu");
  const auto made = author.post("/api/v1/broadcasts", R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"class":"normal","start":"2026-11-27T01:00:00Z","substitutes":[")" + spare + R"("]})");
  INFO(made.body);
  CHECK(made.text("/substitutes/0") == spare);
}

TEST_CASE("what an area calls its own never takes the place of what is the same everywhere, nor lasts for long") {
  TestApi api;
  auto approver = api.client("approver");
  const auto put = [&](const std::string& name, const std::string& programme) {
    return approver.put("/api/v1/areas/hue-a/stock-clips/" + name, R"({"programme":")" + programme + R"("})");
  };
  for (const auto* name : {"tone", "exercise", "test", "chime"}) {
    INFO(name);
    CHECK(put(name, api.programme).code() == "reserved_stock_name");
  }
  const auto refused = put("flood", api.approved_programme("hue-a", "Mười phút", 600));
  CHECK(refused.code() == "too_long");
  CHECK(refused.text("/errors/0/pointer") == "/programme");
}

TEST_CASE("an alert's repeats leave room for the longest words that an area below has for its stock clip") {
  TestApi api;
  api.write([&](loa::store::Transaction& t) {
    loa::tests::add_person(t, "u-" + std::string(26, 'z'), "province", {{loa::store::Role::approver, "hue"}});
  });
  REQUIRE(api.client("approver").put("/api/v1/areas/hue-a/stock-clips/flood", R"({"programme":")" + api.approved_programme("hue-a", "Lũ của xã", 100) + R"("})").status == 200);
  const auto prepared = api.client("province").post("/api/v1/alerts", R"({"area":"hue","status":"actual","event":"flood","title":"Lũ","minutes":10,"repeats":3})");
  INFO(prepared.body);
  CHECK(prepared.text("/alert/repeat_every_s") == "110");
}

TEST_CASE("an area takes no more alerts than its nodes can hold, but one in the place of another") {
  TestApi api;
  auto client = api.client("approver");
  const auto waiting = client.post("/api/v1/alerts", body(""));
  std::string first;
  for (int i = 0; i < 32; ++i) {
    const auto one = client.post("/api/v1/alerts", body(""));
    REQUIRE(confirm(client, one).status == 200);
    if (first.empty()) first = one.text("/id");
  }
  CHECK(client.post("/api/v1/alerts", body("")).code() == "too_many_alerts");
  CHECK(confirm(client, waiting).code() == "too_many_alerts");
  const auto update = client.post("/api/v1/alerts", body(R"(,"updates":[")" + first + R"("])"));
  REQUIRE(update.status == 201);
  CHECK(confirm(client, update).text("/state") == "active");
}

TEST_CASE("the interval that was asked for stays where the text cannot be spoken") {
  TestApi api;
  api.job_problem = loa::media::Problem{"no_voice", "There is no voice to speak it."};
  auto client = api.client("approver");
  const auto sent = confirm(client, client.post("/api/v1/alerts", body(R"(,"text":"Nước đang lên.","repeats":0,"repeat_every_s":120)")));
  CHECK(sent.text("/speech") == "failed");
  CHECK(sent.text("/repeat_every_s") == "120");
}

TEST_CASE("the audit trail says what an alert was heard to say") {
  TestApi api;
  auto client = api.client("approver");
  auto root = api.client("root");
  const auto detail = [&](const std::string& action) {
    return root.get("/api/v1/audit?subject=alert&limit=1&action=" + action).text("/items/0/detail");
  };
  const auto spoken = confirm(client, client.post("/api/v1/alerts", body(R"(,"text":"Nước đang lên.")")));
  CHECK(detail("speak") == "Lũ (clip " + spoken.text("/clip/sha256") + ")");
  CHECK(detail("confirm") == "Lũ (clip " + spoken.text("/clip/sha256") + ")");
  confirm(client, client.post("/api/v1/alerts", body("")));
  CHECK(detail("confirm") == "Lũ (stock clip flood)");
  api.job_problem = loa::media::Problem{"queue_full", "Too much waits to be made."};
  confirm(client, client.post("/api/v1/alerts", body(R"(,"text":"Nước đang lên.")")));
  CHECK(detail("confirm") == "Lũ (stock clip flood: Too much waits to be made.)");
}

TEST_CASE("a list of alerts says the reach of each area") {
  TestApi api;
  auto client = api.client("approver");
  for (int i = 0; i < 2; ++i) confirm(client, client.post("/api/v1/alerts", body("")));
  const auto listed = client.get("/api/v1/alerts?state=active");
  REQUIRE(listed.json().at("items").as_array().size() == 2);
  CHECK(listed.text("/items/0/reach/total") == "1");
  CHECK(listed.text("/items/1/reach/total") == "1");
}
