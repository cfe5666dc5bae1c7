#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/store/occurrences.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/streams.hpp"
#include "tests/controller/api/stream_requests.hpp"

// Relays of streams: where they sound, whose they are, and what is known of them.
namespace loa::api {

TEST_CASE("what does not go together in a relay is refused by code and pointer") {
  TestApi api;
  auto author = api.client("author");
  struct Row {
    const char* name;
    std::string body;
    const char* code;
    const char* pointer;
  };
  const std::string rest = R"(,"areas":["hue-a"],"class":"normal","start":"2026-11-27T01:00:00Z"})";
  const Row rows[] = {
      {"neither programme nor stream", "{" + rest.substr(1), "missing_field", "/programme"},
      {"programme and stream", R"({"programme":")" + api.programme + R"(","stream":")" + api.stream + R"(","duration_s":60)" + rest, "two_subjects", "/stream"},
      {"no duration", R"({"stream":")" + api.stream + "\"" + rest, "missing_field", "/duration_s"},
      {"a duration of a programme", R"({"programme":")" + api.programme + R"(","duration_s":60)" + rest, "only_for_relays", "/duration_s"},
      {"nine seconds", R"({"stream":")" + api.stream + R"(","duration_s":9)" + rest, "out_of_range", "/duration_s"},
      {"more than twelve hours", R"({"stream":")" + api.stream + R"(","duration_s":43201)" + rest, "out_of_range", "/duration_s"},
      {"an unknown stream", relay("st-" + std::string(26, 'q')), "unknown_stream", "/stream"},
      {"going on where it was cut", relay(api.stream, R"(,"after_interrupt":"resume")"), "not_for_relays", "/after_interrupt"},
      {"beginning again", relay(api.stream, R"(,"after_interrupt":"restart")"), "not_for_relays", "/after_interrupt"},
      {"ending later than planned", relay(api.stream, R"(,"late":"skip")"), "not_for_relays", "/late"},
      {"a substitute that is not approved", relay(api.stream, R"(,"substitutes":[")" + api.draft + R"("])"), "not_approved", "/substitutes/0"}};
  for (const auto& row : rows) {
    INFO(row.name);
    for (const auto* path : {"/api/v1/broadcasts", "/api/v1/broadcast-previews"}) {
      const auto answer = author.post(path, row.body);
      INFO(answer.body);
      CHECK(answer.status == 422);
      CHECK(answer.code() == row.code);
      CHECK(answer.text("/errors/0/pointer") == row.pointer);
    }
  }
  const auto good = author.post("/api/v1/broadcast-previews", relay(api.stream, R"(,"after_interrupt":"join","late":"join","substitutes":[")" + api.programme + R"("])"));
  CHECK(problems_of(good) == "offline_nodes ");
  CHECK(good.text("/duration_ms") == "1800000");
  CHECK(good.text("/occurrences/0/end") == "2026-11-27T01:30:00Z");
}

TEST_CASE("a relay meets the area's windows and other broadcasts as a programme does") {
  TestApi api;
  auto author = api.client("author");
  REQUIRE(author.post("/api/v1/broadcasts", relay(api.stream)).status == 201);
  const auto later = R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"class":"normal","start":"2026-11-27T01:10:00Z"})";
  const auto seen = author.post("/api/v1/broadcast-previews", later);
  CHECK(problems_of(seen).starts_with("would_be_skipped"));
  CHECK(seen.text("/problems/0/other/title") == "Đài Huế");
  api.client("root").put("/api/v1/areas/hue/policy", R"({"max_session_minutes":15})");
  CHECK(author.post("/api/v1/broadcasts", relay(api.stream)).code() == "quota_minutes");
}

TEST_CASE("a stream of the province is seen and relayed in every commune, and changed in none") {
  TestApi api;
  auto root = api.client("root");
  REQUIRE(root.post("/api/v1/users", R"({"name":"press","display_name":"x","password":"a good long password","grants":[
    {"role":"author","area":"hue"},{"role":"approver","area":"hue"}]})").status == 201);
  root.put("/api/v1/areas/hue/policy", R"({"self_approval":true})");
  auto press = api.client("press");
  const auto made = press.post("/api/v1/streams", new_stream("https://radio.hue.example/live", "hue"));
  const auto id = made.text("/id");
  REQUIRE(press.post(stream_path(id, "approve"), seen(made)).status == 200);
  for (const auto* who : {"author", "stranger"}) {
    INFO(who);
    auto client = api.client(who);
    CHECK(client.get(stream_path(id)).text("/state") == "approved");
    CHECK(ids_of(client.get("/api/v1/streams")).find(id) != std::string::npos);
    CHECK(client.patch(stream_path(id), R"({"name":"x"})").code() == "forbidden");
    CHECK(client.post(stream_path(id, "retire")).code() == "forbidden");
  }
  auto author = api.client("author");
  CHECK(ids_of(author.get("/api/v1/streams?area=hue-a")) == api.stream + " ");
  planned(api);
  const auto saved = author.post("/api/v1/broadcasts", relay(id));
  REQUIRE(saved.status == 201);
  CHECK(author.post("/api/v1/broadcasts/" + saved.text("/id") + "/cancel").status == 200);
  auto stranger = api.client("stranger");
  CHECK(stranger.get("/api/v1/broadcasts/" + saved.text("/id")).status == 404);
  CHECK(stranger.post("/api/v1/broadcasts", relay(api.stream, R"(,"areas":["hue-b"])")).code() == "unknown_stream");
  // The press of the whole tree relays a commune's stream in that commune alone.
  CHECK(press.post("/api/v1/broadcasts", relay(api.stream)).status == 201);
  CHECK(press.post("/api/v1/broadcasts", relay(api.stream, R"(,"areas":["hue-a","hue-b"])")).code() == "unknown_stream");
  CHECK(press.post("/api/v1/broadcasts", relay(id, R"(,"areas":["hue-a","hue-b"])")).status == 201);
  planned(api);
  REQUIRE(press.post(stream_path(id, "retire")).status == 200);
  CHECK(planned(api) == std::vector<std::string>{"hue-a", "hue-b"});
}

TEST_CASE("a relay of two communes is theirs who schedule for both as one, so that nobody of one alone can take it from the other") {
  TestApi api;
  auto root = api.client("root");
  REQUIRE(root.post("/api/v1/users", R"({"name":"two","display_name":"x","password":"a good long password","grants":[
    {"role":"author","area":"hue-a"},{"role":"author","area":"hue-b"}]})").status == 201);
  std::string id;
  api.write([&](store::Transaction& transaction) {
    store::Stream above;
    above.id = id = "st-" + std::string(26, 'z');
    above.area = "hue";
    above.name = "Đài";
    above.url = "https://radio.hue.example/live";
    store::add_stream(transaction, above);
    store::approve_stream(transaction, id, store::find_stream(transaction.session(), id)->content_hash);
  });
  auto two = api.client("two");
  const auto refused = two.post("/api/v1/broadcasts", relay(id, R"(,"areas":["hue-a","hue-b"])"));
  CHECK(refused.code() == "no_common_area");
  CHECK(refused.text("/errors/0/pointer") == "/areas");
  CHECK(two.post("/api/v1/broadcasts", relay(id, R"(,"areas":["hue-b"])")).status == 201);
}

TEST_CASE("what stands in for a relay that is on is not archived before its end") {
  TestApi api;
  const auto spare = api.approved_programme("hue-a", "Nhạc hiệu");
  REQUIRE(api.client("author").post("/api/v1/broadcasts", relay(api.stream, R"(,"substitutes":[")" + spare + R"("])")).status == 201);
  const auto archived = [&] { return api.client("author").post("/api/v1/programmes/" + spare + "/archive"); };
  api.clock.tick(std::chrono::hours(48) + std::chrono::minutes(20));
  CHECK(archived().code() == "scheduled");
  api.clock.tick(std::chrono::minutes(20));
  CHECK(archived().text("/state") == "archived");
}

TEST_CASE("occurrences and records of a relay name the stream, and say where it came without TLS") {
  TestApi api;
  auto author = api.client("author");
  api.write([&](store::Transaction& transaction) {
    store::Expected sounding{"b-1@20261125T013000Z", api.node, "b-1", "", api.stream, "Đài Huế", {}, transaction.now() + std::chrono::minutes(30),
                             std::chrono::minutes(30), 5, "", true};
    store::expect_plan(transaction, api.node, {sounding});
    scheduler::PlayRecord record;
    record.log_id = "log-1";
    record.number = 1;
    record.previous_hash = std::string(64, '0');
    record.occurrence_id = sounding.id;
    record.broadcast_id = "b-1";
    record.programme_id = api.stream;
    record.title = "Đài Huế";
    record.due = record.recorded = sounding.due;
    record.reason = "substituted";
    record.outcome = scheduler::Outcome::partial;
    store::add_records(transaction, api.node, {record}, {std::string(64, 'a')});
  });
  const auto occurrence = author.get("/api/v1/occurrences?from=2026-11-25T00:00:00Z&to=2026-11-26T00:00:00Z");
  CHECK(occurrence.text("/items/0/stream") == api.stream);
  CHECK(occurrence.text("/items/0/programme").empty());
  CHECK(occurrence.text("/items/0/plain_http") == "true");
  const auto record = author.get("/api/v1/play-records?programme=" + api.stream);
  CHECK(record.text("/items/0/stream") == api.stream);
  CHECK(record.text("/items/0/programme").empty());
  CHECK(record.text("/items/0/plain_http") == "true");
  CHECK(record.text("/items/0/reason") == "substituted");
}

}  // namespace loa::api
