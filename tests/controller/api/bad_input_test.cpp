#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/api/area_import.hpp"
#include "tests/controller/api/fixture.hpp"
#include "tests/controller/http/raw_client.hpp"

namespace loa::api {
namespace json = boost::json;

namespace {

std::string in_language(const std::string& language) {
  return R"({"area":"hue-a","status":"actual","event":"flood","title":"x","minutes":10,"language":")" + language + R"("})";
}

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::string schedule(const TestApi& api, const std::string& more) {
  return R"({"programme":")" + api.programme + R"(","class":"normal",)" + more + "}";
}

}  // namespace

TEST_CASE("what is wrong with a request is said by code and pointer") {
  TestApi api;
  auto client = api.client("both");
  const std::string million(1'000'000, 'a');
  struct Row {
    const char* name;
    std::string path;
    std::string body;
    int status;
    std::string code;
    std::string pointer;
  };
  const std::string at = R"("areas":["hue-a"],"start":"2026-11-27T01:00:00Z")";
  const Row rows[] = {
      {"no JSON", "programmes", "{", 400, "not_json", ""},
      {"a doubled field", "programmes", R"({"title":"a","title":"b","area":"hue-a"})", 400, "not_json", "/title"},
      {"no object", "programmes", "[]", 422, "wrong_type", ""},
      {"an unknown field", "programmes", R"({"title":"a","area":"hue-a","tilte":"b"})", 422, "unknown_field", "/tilte"},
      {"a missing field", "programmes", R"({"area":"hue-a"})", 422, "missing_field", "/title"},
      {"a number for a text", "programmes", R"({"title":1,"area":"hue-a"})", 422, "wrong_type", "/title"},
      {"null for a text", "programmes", R"({"title":null,"area":"hue-a"})", 422, "wrong_type", "/title"},
      {"a text of 1 MB", "programmes", R"({"title":"a","area":"hue-a","text":")" + million + "\"}", 422, "too_long", "/text"},
      {"more than 1 MiB", "programmes", R"({"title":"a","area":"hue-a","text":")" + million + million + "\"}", 413, "too_large", ""},
      {"a control character", "programmes", R"({"title":"a\u0007","area":"hue-a"})", 422, "bad_text", "/title"},
      {"an unknown area", "programmes", R"({"title":"a","area":"nowhere"})", 422, "unknown_area", "/area"},
      {"a start in the past", "broadcasts", schedule(api, R"("areas":["hue-a"],"start":"2026-11-24T01:00:00Z")"), 422, "past_start", ""},
      {"a start that is no time", "broadcasts", schedule(api, R"("areas":["hue-a"],"start":"tomorrow")"), 422, "bad_time", "/start"},
      {"a rule that never ends", "broadcasts", schedule(api, at + R"(,"rrule":"FREQ=DAILY")"), 422, "never_ends", "/rrule"},
      {"a rule that never occurs", "broadcasts",
       schedule(api, at + R"(,"rrule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3")"), 422, "never_occurs", ""},
      {"a rule that is none", "broadcasts", schedule(api, at + R"(,"rrule":"FREQ=SOMETIMES;COUNT=1")"), 422, "bad_rule", ""},
      {"an unknown zone", "broadcasts", schedule(api, at + R"(,"time_zone":"Asia/Nowhere")"), 422, "unknown_zone", "/time_zone"},
      {"nowhere", "broadcasts", schedule(api, R"("start":"2026-11-27T01:00:00Z")"), 422, "no_nodes", "/areas"},
      {"an emergency broadcast", "broadcasts",
       R"({"programme":")" + api.programme + R"(","areas":["hue-a"],"start":"2026-11-27T01:00:00Z","class":"emergency"})", 422,
       "unknown_value", "/class"},
      {"a programme that is not approved", "broadcasts",
       R"({"programme":")" + api.draft + R"(","areas":["hue-a"],"start":"2026-11-27T01:00:00Z","class":"normal"})", 422, "not_approved",
       "/programme"},
      {"an alert of an event without a stock clip, where there is no general one", "alerts",
       R"({"area":"hue-a","status":"actual","event":"storm","title":"x","minutes":10})", 422, "no_sound", "/stock_clip"},
      {"an alert with a text and a programme", "alerts",
       R"({"area":"hue-a","status":"actual","event":"flood","title":"x","minutes":10,"text":"Chạy ngay.","programme":")" + api.programme + R"("})", 422,
       "two_sounds", "/text"},
      {"an alert in a language with an underscore", "alerts", in_language("vi_VN"), 422, "bad_language", "/language"},
      {"an alert in a language by its name", "alerts", in_language("tiếng Việt"), 422, "bad_language", "/language"},
      {"an alert in a language of 35 characters and more bytes", "alerts", in_language(times(35, "ế")), 422, "bad_language", "/language"},
      {"an alert in a language of digits alone", "alerts", in_language("84"), 422, "bad_language", "/language"},
      {"a programme in a language with an empty part", "programmes", R"({"title":"a","area":"hue-a","language":"vi--VN"})", 422, "bad_language", "/language"},
      {"a substitute that is not approved", "broadcasts", schedule(api, at + R"(,"substitutes":[")" + api.draft + R"("])"), 422, "not_approved", "/substitutes/0"},
      {"a programme as its own substitute", "broadcasts", schedule(api, at + R"(,"substitutes":[")" + api.programme + R"("])"), 422, "same_programme",
       "/substitutes/0"},
      {"an alert with overlapping repeats", "alerts",
       R"({"area":"hue-a","status":"actual","event":"flood","title":"x","minutes":10,"stock_clip":"flood","repeats":3,"repeat_every_s":5})",
       422, "repeats_overlap", "/repeat_every_s"},
      {"an unknown stock clip", "alerts",
       R"({"area":"hue-a","status":"actual","event":"flood","title":"x","minutes":10,"stock_clip":"storm"})", 422, "unknown_stock_clip",
       "/stock_clip"},
      {"an unknown voice", "programmes/" + api.draft + "/speech", R"({"voice":"nobody"})", 422, "unknown_voice", "/voice"},
      {"an empty file", "programmes/" + api.draft + "/audio", "", 422, "empty_file", ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto answer = client.post("/api/v1/" + row.path, row.body);
    INFO(answer.body.substr(0, 500));
    CHECK(answer.status == row.status);
    CHECK(answer.code() == row.code);
    if (!row.pointer.empty()) CHECK(answer.text("/errors/0/pointer") == row.pointer);
  }
}

TEST_CASE("all faults of one request are said together") {
  TestApi api;
  auto client = api.client("author");
  const auto answer = client.post("/api/v1/programmes", R"({"title":"","more":1,"legal_references":[1]})");
  CHECK(answer.json().at("errors").get_array().size() == 4);
}

TEST_CASE("a query is read as strictly as a body") {
  TestApi api;
  auto client = api.client("author");
  for (const auto* query : {"?limit=0", "?limit=201", "?limit=x", "?cursor=abc", "?colour=red", "?limit=1&limit=2", "?state=lost"}) {
    INFO(query);
    CHECK(client.get(std::string("/api/v1/programmes") + query).code() == "bad_parameter");
  }
  CHECK(client.get("/api/v1/occurrences").code() == "bad_parameter");
  CHECK(client.get("/api/v1/occurrences?from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z").code() == "bad_parameter");
}

TEST_CASE("an address that is no text is refused before the database sees it") {
  TestApi api;
  auto client = api.client("root");
  for (const auto* path : {"nodes/n%00", "nodes/n%ff", "areas/hue%0a", "jobs/j%7f", "programmes?q=%00", "programmes?q=%c3", "programmes?%00=1", "alerts/%ed%a0%80"}) {
    INFO(path);
    const auto answer = client.get(std::string("/api/v1/") + path);
    CHECK(answer.status == 400);
    CHECK(answer.code() == "bad_target");
  }
}

TEST_CASE("an area without nodes takes no broadcast and no alert") {
  TestApi api;
  auto root = api.client("root");
  const char* grants = R"({"name":"empty","display_name":"x","password":"a good long password","grants":[
    {"role":"author","area":"hue-empty"},{"role":"approver","area":"hue-empty"}]})";
  REQUIRE(root.post("/api/v1/users", grants).status == 201);
  auto client = api.client("empty");
  const auto programme = api.approved_programme("hue-empty", "x");
  const auto body = R"({"programme":")" + programme + R"(","areas":["hue-empty"],"class":"normal","start":"2026-11-27T01:00:00Z"})";
  CHECK(client.post("/api/v1/broadcasts", body).code() == "no_nodes");
  CHECK(client.post("/api/v1/broadcast-previews", body).text("/problems/0/code") == "no_nodes");
  CHECK(client.post("/api/v1/alerts",
                    R"({"area":"hue-empty","status":"test","event":"flood","title":"x","stock_clip":"flood","minutes":10})")
            .code() == "no_nodes");
}

TEST_CASE("an upload cut half-way leaves neither file nor job") {
  TestApi api;
  auto client = api.client("author");
  const auto count = [&] {
    return std::distance(std::filesystem::directory_iterator(api.folder.path()), std::filesystem::directory_iterator());
  };
  const auto before = count();
  const auto cookie = client.post("/api/v1/session", R"({"name":"author","password":"a good long password"})").headers["set-cookie"];
  {
    http::RawClient raw(api.port);
    raw.send("POST /api/v1/programmes/" + api.draft + "/audio HTTP/1.1\r\nHost: a\r\nCookie: " + cookie.substr(0, cookie.find(';')) +
             "\r\nContent-Length: 500000\r\n\r\n" + std::string(200'000, 'x'));
    REQUIRE(api.eventually([&] { return count() > before; }));
  }
  CHECK(api.eventually([&] { return count() == before; }));
  CHECK(api.calls.jobs.empty());
  CHECK(client.upload("/api/v1/programmes/" + api.draft + "/audio", std::string(1'000'001, 'x'), "audio/wav").code() == "too_large");
  CHECK(count() == before);
}

TEST_CASE("an import with every child before its parent is read in good time, parents first") {
  constexpr int kRows = 4990;
  std::string rows;
  for (int i = kRows; i > 1; --i) rows += std::to_string(i) + ",x,zone," + std::to_string(i - 1) + ",,,,\n";
  const auto began = std::chrono::steady_clock::now();
  const auto areas = read_area_csv("code,name,kind,parent,lat,lon,km2,old_codes\n" + rows + "1,x,province,,,,,\n", "hue");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(3));
  REQUIRE(areas.has_value());
  REQUIRE(areas->size() == kRows);
  for (std::size_t i = 1; i < areas->size(); ++i) {
    if ((*areas)[i].parent != (*areas)[i - 1].id) FAIL("area " << (*areas)[i].id << " does not follow its parent");
  }
}

TEST_CASE("an import says each fault by line and changes nothing") {
  TestApi api;
  auto root = api.client("root");
  const std::string header = "code,name,kind,parent,lat,lon,km2,old_codes\n";
  const auto import = [&](const std::string& text) {
    return root.send("POST", "/api/v1/area-imports?prefix=hue", text, {"Content-Type: text/csv"});
  };
  const auto before = root.get("/api/v1/areas").body;
  struct Row {
    const char* name;
    std::string text;
    std::string pointer;
  };
  const Row rows[] = {
      {"another header", "code,name\n1,x\n", "/1/row"},
      {"too few cells", header + "46,Huế,province,,,,,\n1,x,ward\n", "/3/row"},
      {"a latitude out of range", header + "46,Huế,province,,,,,\n1,x,ward,46,95,1,1,\n", "/3/lat"},
      {"a number that is none", header + "46,Huế,province,,,,,\n1,x,ward,46,1,1,big,\n", "/3/km2"},
      {"an unknown kind", header + "46,Huế,province,,,,,\n1,x,town,46,,,,\n", "/3/kind"},
      {"a parent that is not there", header + "46,Huế,province,,,,,\n1,x,ward,47,,,,\n", "/3/parent"},
      {"a loop", header + "46,Huế,province,,,,,\n1,x,ward,2,,,,\n2,y,ward,1,,,,\n", "/3/parent"},
      {"a code twice", header + "46,Huế,province,,,,,\n1,x,ward,46,,,,\n1,y,ward,46,,,,\n", "/4/code"},
      {"two roots", header + "46,Huế,province,,,,,\n47,x,province,,,,,\n", "/3/parent"},
      {"no UTF-8", header + "46,Hu\xff,province,,,,,\n", "/2/row"},
      {"a zero byte in the old codes", header + "46,Huế,province,,,,,1" + std::string(1, '\0') + "2\n", "/2/old_codes"},
      {"a line break in a name", header + "46,\"Hu\nế\",province,,,,,\n", "/2/name"},
      {"an old code that is none", header + "46,Huế,province,,,,,12 1/3\n", "/2/old_codes"},
      {"an open quote", header + "46,\"Huế,province,,,,,\n", "/2/row"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto answer = import(row.text);
    CHECK(answer.code() == "bad_csv");
    CHECK(answer.text("/errors/0/pointer") == row.pointer);
  }
  CHECK(root.get("/api/v1/areas").body == before);
  const auto good = import(header + "46,\"Thành phố \"\"Huế\"\"\",province,,,,,\n19753,Phường Phú Xuân,ward,46,16.4,107.5,10.4,19750 19753\n");
  CHECK(good.text("/created") == "1");
  CHECK(good.text("/updated") == "1");
  CHECK(root.get("/api/v1/areas/hue-19753").text("/old_codes/1") == "19753");
  CHECK(root.get("/api/v1/areas/hue").text("/name") == "Thành phố \"Huế\"");
}

}  // namespace loa::api
