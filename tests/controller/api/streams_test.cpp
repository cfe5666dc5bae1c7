#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/controller/api/stream_requests.hpp"

// Streams: their addresses, who approves them, and the leave for plain HTTP.
namespace loa::api {

TEST_CASE("a stream is added, approved by a second person, relayed, changed and retired") {
  TestApi api;
  auto author = api.client("author");
  auto approver = api.client("approver");
  const auto made = author.post("/api/v1/streams", new_stream("https://radio.hue.example/live"));
  REQUIRE(made.status == 201);
  CHECK(made.text("/state") == "waiting");
  CHECK(made.text("/held_back") == "stream_not_approved");
  CHECK(made.text("/set_by/name") == "author");
  CHECK(made.text("/set_at") == "2026-11-25T01:00:00Z");
  CHECK(made.text("/plain_http") == "false");
  const auto id = made.text("/id");
  CHECK(author.post("/api/v1/broadcasts", relay(id)).code() == "stream_not_approved");
  CHECK(author.post(stream_path(id, "approve"), seen(made)).code() == "forbidden");
  CHECK(approver.post(stream_path(id, "approve"), R"({"content_hash":")" + std::string(64, '0') + R"("})").code() == "content_changed");
  const auto approved = approver.post(stream_path(id, "approve"), seen(made));
  CHECK(approved.text("/state") == "approved");
  CHECK(approved.text("/approved/by/name") == "approver");
  CHECK(approved.text("/held_back").empty());
  CHECK(approver.post(stream_path(id, "approve"), seen(made)).code() == "wrong_state");

  const auto saved = author.post("/api/v1/broadcasts", relay(id));
  REQUIRE(saved.status == 201);
  CHECK(saved.text("/title") == "Đài");
  CHECK(saved.text("/stream") == id);
  CHECK(saved.text("/programme").empty());
  CHECK(saved.text("/duration_ms") == "1800000");
  CHECK(saved.text("/after_interrupt") == "join");
  CHECK(saved.text("/late") == "join");
  CHECK(saved.text("/plain_http") == "false");
  CHECK(saved.text("/held_back").empty());
  const auto broadcast = "/api/v1/broadcasts/" + saved.text("/id");
  CHECK(ids_of(author.get("/api/v1/broadcasts?stream=" + id)) == saved.text("/id") + " ");
  CHECK(planned(api) == std::vector<std::string>{"hue-a"});

  // Another address: what was scheduled is out of every plan until that is approved too, and comes back by itself.
  const auto changed = author.patch(stream_path(id), R"({"url":"https://radio.hue.example/live2"})");
  CHECK(changed.text("/state") == "waiting");
  CHECK(changed.text("/approved").empty());
  CHECK(planned(api) == std::vector<std::string>{"hue-a"});
  CHECK(author.get(broadcast).text("/held_back") == "stream_not_approved");
  CHECK(author.get(broadcast).text("/state") == "active");
  CHECK(approver.post(stream_path(id, "approve"), seen(made)).code() == "content_changed");
  CHECK(approver.post(stream_path(id, "approve"), seen(changed)).status == 200);
  CHECK(planned(api) == std::vector<std::string>{"hue-a"});
  CHECK(author.get(broadcast).text("/held_back").empty());

  CHECK(author.post(stream_path(id, "retire")).text("/retired/by/name") == "author");
  CHECK(planned(api) == std::vector<std::string>{"hue-a"});
  CHECK(author.get(broadcast).text("/held_back") == "stream_retired");
  CHECK(author.post("/api/v1/broadcasts", relay(id)).code() == "stream_retired");
  for (const auto* step : {"retire", "approve"}) CHECK(approver.post(stream_path(id, step), seen(changed)).code() == "wrong_state");
  CHECK(author.patch(stream_path(id), R"({"name":"x"})").code() == "wrong_state");
}

TEST_CASE("who set a stream's address approves it no more than an own programme") {
  TestApi api;
  auto both = api.client("both");
  auto author = api.client("author");
  const auto own = both.post("/api/v1/streams", new_stream("https://radio.hue.example/live"));
  CHECK(both.post(stream_path(own.text("/id"), "approve"), seen(own)).code() == "own_stream");
  const auto others = author.post("/api/v1/streams", new_stream("https://radio.hue.example/live"));
  const auto changed = both.patch(stream_path(others.text("/id")), R"({"url":"https://radio.hue.example/live2"})");
  CHECK(both.post(stream_path(others.text("/id"), "approve"), seen(changed)).code() == "own_stream");
  api.client("root").put("/api/v1/areas/hue/policy", R"({"self_approval":true})");
  CHECK(both.post(stream_path(own.text("/id"), "approve"), seen(own)).status == 200);
}

TEST_CASE("an address that no node would ask, or that could be read in two ways, is refused with its reason") {
  TestApi api;
  auto author = api.client("author");
  struct Row {
    const char* name;
    std::string url;
    std::string code = "bad_stream_url";
  };
  const Row rows[] = {{"nothing", "", "too_short"},
                      {"no scheme", "radio.hue.example/live"},
                      {"no scheme but slashes", "//radio.hue.example/live"},
                      {"a scheme in capitals", "HTTPS://radio.hue.example/live"},
                      {"ftp", "ftp://radio.hue.example/live"},
                      {"a file", "file:///etc/passwd"},
                      {"a script", "javascript:alert(1)"},
                      {"rtsp", "rtsp://radio.hue.example/live"},
                      {"no host", "https:///live"},
                      {"a port without a host", "https://:8000/live"},
                      {"a user", "https://anna@radio.hue.example/live"},
                      {"a user and a password", "https://anna:secret@radio.hue.example/live"},
                      {"a host that is a user", "https://radio.hue.example:443@bad.example/live"},
                      {"a backslash", "https://radio.hue.example\\@bad.example/live"},
                      {"a host in % form", "https://%72adio.hue.example/live"},
                      {"a host of letters beyond a to z", "https://đài.example/live"},
                      {"an address of three numbers", "https://127.0.1/live"},
                      {"an address as one number", "https://2130706433/live"},
                      {"an address in hex", "https://0x7f000001/live"},
                      {"an open bracket", "https://[::1/live"},
                      {"port 0", "https://radio.hue.example:0/live"},
                      {"port 65536", "https://radio.hue.example:65536/live"},
                      {"a port of letters", "https://radio.hue.example:http/live"},
                      {"a fragment", "https://radio.hue.example/live#now"},
                      {"a space", "https://radio.hue.example/li ve"},
                      {"a line feed", "https://radio.hue.example/live\n", "bad_text"},
                      {"a lone %", "https://radio.hue.example/100%"},
                      {"2,001 bytes", "https://radio.hue.example/" + std::string(1975, 'a'), "too_long"}};
  for (const auto& row : rows) {
    INFO(row.name);
    const auto added = author.post("/api/v1/streams", new_stream(row.url));
    CHECK(added.status == 422);
    CHECK(added.code() == row.code);
    CHECK(added.text("/errors/0/pointer") == "/url");
    const auto changed = author.patch(stream_path(api.stream), R"({"url":)" + boost::json::serialize(boost::json::string(row.url)) + "}");
    CHECK(changed.status == 422);
    CHECK(changed.code() == row.code);
  }
  CHECK(author.get(stream_path(api.stream)).text("/state") == "approved");
  CHECK(author.post("/api/v1/streams", new_stream("https://radio.hue.example/" + std::string(1974, 'a'))).status == 201);
}

TEST_CASE("what else is wrong with a stream is said by code and pointer") {
  TestApi api;
  auto author = api.client("author");
  struct Row {
    const char* name;
    std::string body;
    const char* code;
    const char* pointer;
  };
  const Row rows[] = {{"no name", R"({"area":"hue-a","url":"https://a.example/"})", "missing_field", "/name"},
                      {"an empty name", R"({"name":"","area":"hue-a","url":"https://a.example/"})", "too_short", "/name"},
                      {"no area", R"({"name":"x","url":"https://a.example/"})", "missing_field", "/area"},
                      {"an unknown area", R"({"name":"x","area":"nowhere","url":"https://a.example/"})", "unknown_area", "/area"},
                      {"no address", R"({"name":"x","area":"hue-a"})", "missing_field", "/url"},
                      {"a language that is none", R"({"name":"x","area":"hue-a","url":"https://a.example/","language":"t_v"})", "bad_language", "/language"},
                      {"the switch of the province", R"({"name":"x","area":"hue-a","url":"http://a.example/","plain_http_allowed":true})", "unknown_field",
                       "/plain_http_allowed"}};
  for (const auto& row : rows) {
    INFO(row.name);
    const auto answer = author.post("/api/v1/streams", row.body);
    CHECK(answer.status == 422);
    CHECK(answer.code() == row.code);
    CHECK(answer.text("/errors/0/pointer") == row.pointer);
  }
  CHECK(author.get("/api/v1/streams?state=lost").code() == "bad_parameter");
  CHECK(author.get(stream_path("st-none")).status == 404);
}

TEST_CASE("only the province allows plain HTTP, for exactly the address that it saw") {
  TestApi api;
  auto author = api.client("author");
  auto approver = api.client("approver");
  auto root = api.client("root");
  const auto made = author.post("/api/v1/streams", new_stream("http://radio.hue.example/live"));
  REQUIRE(made.status == 201);
  const auto id = made.text("/id");
  CHECK(made.text("/plain_http") == "true");
  CHECK(made.text("/plain_http_allowed") == "false");
  const auto allow = [&](tests::HttpClient& who, const tests::HttpAnswer& stream) { return who.put(stream_path(id, "plain-http"), seen(stream, R"("allowed":true,)")); };
  for (const auto* who : {"author", "approver", "both", "monitor", "admin"}) {
    INFO(who);
    auto client = api.client(who);
    CHECK(allow(client, made).code() == "forbidden");
  }
  auto stranger = api.client("stranger");
  CHECK(allow(stranger, made).status == 404);
  const auto approved = approver.post(stream_path(id, "approve"), seen(made));
  CHECK(approved.text("/held_back") == "plain_http_not_allowed");
  CHECK(author.post("/api/v1/broadcasts", relay(id)).code() == "plain_http_not_allowed");
  CHECK(root.put(stream_path(id, "plain-http"), R"({"allowed":true})").code() == "missing_field");
  CHECK(root.put(stream_path(id, "plain-http"), R"({})").code() == "missing_field");
  CHECK(root.put(stream_path(id, "plain-http"), R"({"allowed":true,"content_hash":")" + std::string(64, '0') + R"("})").code() == "content_changed");
  CHECK(root.put(stream_path(api.stream, "plain-http"), seen(author.get(stream_path(api.stream)), R"("allowed":true,)")).code() == "not_plain_http");
  const auto allowed = allow(root, made);
  CHECK(allowed.text("/plain_http_allowed") == "true");
  CHECK(allowed.text("/plain_http_set/by/name") == "root");
  CHECK(allowed.text("/held_back").empty());

  CHECK(problems_of(author.post("/api/v1/broadcast-previews", relay(id))) == "unsafe_stream no_substitute offline_nodes ");
  const auto saved = author.post("/api/v1/broadcasts", relay(id));
  REQUIRE(saved.status == 201);
  CHECK(saved.text("/plain_http") == "true");
  planned(api);
  SECTION("taken back, what is scheduled leaves the plans at once") {
    CHECK(root.put(stream_path(id, "plain-http"), R"({"allowed":false})").text("/held_back") == "plain_http_not_allowed");
    CHECK(planned(api) == std::vector<std::string>{"hue-a"});
    CHECK(author.get("/api/v1/broadcasts/" + saved.text("/id")).text("/held_back") == "plain_http_not_allowed");
    CHECK(root.put(stream_path(id, "plain-http"), R"({"allowed":false})").status == 200);
    CHECK(planned(api).empty());  // nothing was changed
  }
  SECTION("another address without TLS has no leave") {
    const auto changed = author.patch(stream_path(id), R"({"url":"http://radio.hue.example/other"})");
    CHECK(changed.text("/plain_http_allowed") == "false");
    CHECK(changed.text("/plain_http_set").empty());
    CHECK(allow(root, made).code() == "content_changed");
  }
  SECTION("retired it gets none") {
    author.post(stream_path(id, "retire"));
    CHECK(allow(root, made).code() == "wrong_state");
  }
}

}  // namespace loa::api
