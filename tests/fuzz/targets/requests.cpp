// Pieces of requests to the API, each alone: targets and headers, ranges, cursors, JSON bodies, tables of areas.
#include <boost/json/parse.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>

#include "controller/api/area_import.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/page.hpp"
#include "controller/http/read_request.hpp"
#include "controller/http/routing.hpp"
#include "controller/http/static_file.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

void check(const http::Problem& problem) {
  demand(problem.status >= 400 && problem.status < 500, "what is wrong is the request's fault");
  demand(!problem.code.empty() && !problem.detail.empty(), "a refusal has a code and says what is wrong");
  for (const auto& part : problem.errors) demand(!part.detail.empty(), "each fault says what is wrong");
}

// An answer's header, as it goes out: status line and fields, each on one line, then an empty one.
void check_header(const std::string& text) {
  demand(text.ends_with("\r\n\r\n") && text.find("\r\n\r\n") == text.size() - 4, "a header ends once");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') demand(text[i + 1] == '\n', "no line ends halfway");
    if (text[i] == '\n') demand(i > 0 && text[i - 1] == '\r', "no line ends halfway");
    demand(text[i] != '\0', "no zero byte leaves");
  }
}

// A page of two files, one of which is nobody's business.
const std::filesystem::path& page_folder() {
  static const auto folder = [] {
    const auto made = std::filesystem::temp_directory_path() / "loa-fuzz-page";
    std::filesystem::create_directories(made / "page/assets");
    std::ofstream(made / "page/index.html") << "<!doctype html>page";
    std::ofstream(made / "page/assets/a-1.js") << std::string(1000, 'x');
    std::ofstream(made / "page/.hidden") << "secret";
    std::ofstream(made / "secret.txt") << "secret";
    return made;
  }();
  return folder;
}

// Lines: target, cookie, range, if-none-match, x-forwarded-for, origin.
void head(std::string_view bytes) {
  Bytes input(bytes);
  http::Request request;
  const auto target = input.line();
  for (const char* name : {"cookie", "range", "if-none-match", "x-forwarded-for", "origin"}) request.headers.emplace_back(name, input.line());
  request.headers.emplace_back("x-forwarded-proto", "https");
  http::read_peer(request, "10.0.0.1", false, true, {"10.0.0.1"});
  demand(!request.peer.empty() && request.peer.size() <= 64, "somebody asks");
  if (auto problem = http::read_target(request, target)) return check(*problem);
  demand(request.path.starts_with("/"), "a path begins at the root");
  (void)request.cookie("loa_session");
  (void)http::match_path("/api/v1/nodes/{id}/orders", request.segments);
  const auto response = http::serve_page(request, page_folder() / "page");
  demand(response.status == 200 || response.status == 206 || response.status == 304 || response.status == 404 || response.status == 416 || response.status == 400, "a page is there or not");
  std::optional<std::uint64_t> length;
  if (const auto* slice = std::get_if<http::FileSlice>(&response.body)) {
    length = slice->length;
    const auto file = std::filesystem::canonical(slice->file);
    demand(file.string().starts_with((page_folder() / "page/").string()) && file.filename() != ".hidden", "only the page is served");
    demand(slice->offset + slice->length <= std::filesystem::file_size(file), "only bytes of the file are served");
  }
  check_header(http::header_text(response, length, true));
  http::Response echo = http::text_response(200, "text/plain", "");
  echo.headers.emplace_back("Location", request.path);
  if (!request.segments.empty()) echo.headers.emplace_back("X-Segment", request.segments.front());
  check_header(http::header_text(echo, 0, false));
}
std::vector<std::string> heads() {
  return {"/api/v1/nodes/n-1/orders?limit=5&after=a%20b+c\nloa_session=abc; other=d\nbytes=0-99\n\"x\"\n192.0.2.1, 10.0.0.2\nhttps://a\n",
          "/assets/a-1.js\n\nbytes=-5\n*\n\n", "/assets/a-1.js\n\nbytes=990-2000,3-4\nW/\"1\"\n\n", "/../secret.txt\n", "/%2e%2e/secret.txt\n", "/assets/..%2f..%2fsecret.txt\n", "/.hidden\n", "/\n", "*\n", "//a/\n"};
}

// First line: the list; the rest is the cursor.
void cursor(std::string_view bytes) {
  Bytes input(bytes);
  const auto list = input.line();
  const std::string text(input.rest());
  for (std::size_t parts = 1; parts <= 3; ++parts)
    if (const auto found = api::from_cursor(list, text, parts)) demand(api::to_cursor(list, *found) == text, "a cursor has one spelling");
  (void)api::key_in<scheduler::TimePoint, std::string>(list, text);
  (void)api::key_in<std::int64_t>(list, text);
}
std::vector<std::string> cursors() {
  return {"users\n" + api::to_cursor("users", {"anna"}), "records\n" + api::to_cursor("records", {"1795500000000", "b-1"}), "numbers\n" + api::to_cursor("numbers", {"-9223372036854775808"}), "x\n!"};
}

void body(std::string_view bytes) {
  auto fields = api::Fields::parse(bytes);
  const auto text = fields.optional_text("text", {2, 10, true});
  const auto number = fields.optional_integer("integer", -5, 5);
  const auto real = fields.optional_number("number", -1.5, 1.5);
  (void)fields.optional_flag("flag");
  const auto texts = fields.optional_texts("texts", 3, {1, 5});
  (void)fields.optional_times("times", 3);
  const auto objects = fields.optional_objects("objects", 1, 2, [](api::Fields& within) {
    (void)within.text("name", {1, 5});
    (void)within.time("at");
  });
  (void)fields.integer("needed", 0, 9);
  if (auto problem = fields.finish()) return check(*problem);
  demand(!number || (*number >= -5 && *number <= 5), "a number is within its bounds");
  demand(!real || (*real >= -1.5 && *real <= 1.5), "a number is within its bounds");
  demand(!text || (text->size() >= 2 && text->size() <= 40), "a text is within its bounds");
  demand(!texts || texts->size() <= 3, "a list is within its bounds");
  demand(!objects || *objects <= 2, "a list is within its bounds");
}
std::vector<std::string> bodies() {
  return {R"({"text":"Lũ\n","integer":-5,"number":0.25,"flag":true,"texts":["a","b"],"times":["2026-11-24T06:00:00Z"],"objects":[{"name":"x","at":"2026-11-24T06:00:00Z"}],"needed":3})",
          R"({"needed":1,"a/b~c":2})", "[]", R"({"needed":1e0})", R"({"integer":18446744073709551615})"};
}

std::string in_quotes(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}
std::string number(const std::optional<double>& value) {
  if (!value) return "";
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, *value).ptr;
  return std::string(static_cast<const char*>(text), static_cast<const char*>(end));
}

void areas(std::string_view bytes) {
  const auto read = api::read_area_csv(bytes, "hue");
  if (!read) {
    check(read.error());
    demand(!read.error().errors.empty() && read.error().errors.size() <= 50, "faults are listed, but not without end");
    return;
  }
  std::map<std::string, std::string> code_of;
  for (const auto& area : *read) code_of[area.id] = area.code;
  std::string text = "code,name,kind,parent,lat,lon,km2,old_codes\n";
  for (const auto& area : *read) {
    std::string codes;
    const auto parent = area.parent.empty() ? "" : code_of[area.parent];
    for (const auto& code : area.old_codes) codes += (codes.empty() ? "" : " ") + code;
    for (const auto& cell : {area.code, area.name, area.kind, parent, number(area.latitude), number(area.longitude), number(area.km2)}) text += in_quotes(cell) + ",";
    text += in_quotes(codes) + "\n";
  }
  const auto again = api::read_area_csv(text, "hue");
  demand(again.has_value() && *again == *read, "a table that is written reads as the same areas");
}
std::vector<std::string> tables() {
  const auto sample = file_of_checkout("config/sample/hue-areas.csv");
  std::size_t end = 0;
  for (int line = 0; line < 6; ++line) end = sample.find('\n', end) + 1;
  return {sample.substr(0, end), "code,name,kind,parent,lat,lon,km2,old_codes\r\n1,\"A \"\"b\"\",\nc\",province,,16.4,107.5,1e3,2 3\r\n"};
}

const Registration kHead{{"http_head", head, heads, 1024}};
const Registration kCursor{{"cursor", cursor, cursors, 256}};
const Registration kBody{{"api_body", body, bodies, 2048}};
const Registration kAreas{{"area_import", areas, tables, 4096}};

}  // namespace
}  // namespace loa::fuzz
