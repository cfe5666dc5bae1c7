#include <catch2/catch.hpp>
#include <fstream>

#include "controller/http/read_request.hpp"
#include "controller/http/routing.hpp"
#include "controller/http/static_file.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::http {

TEST_CASE("paths fit templates segment by segment, decoded") {
  struct Row {
    const char* path_template;
    const char* target;
    bool fits;
    std::string id;
  };
  const Row rows[] = {{"/nodes/{id}", "/nodes/n-1", true, "n-1"},
                      {"/nodes/{id}", "/nodes/", false, ""},
                      {"/nodes/{id}", "/nodes", false, ""},
                      {"/nodes/{id}", "/nodes/n-1/orders", false, ""},
                      {"/nodes/{id}/orders", "/nodes/n-1/orders", true, "n-1"},
                      {"/nodes/{id}", "/nodes/a%2Fb", true, "a/b"},
                      {"/nodes/{id}", "/Nodes/n-1", false, ""},
                      {"/nodes", "/nodes?limit=3", true, ""}};
  for (const auto& row : rows) {
    INFO(row.path_template << " " << row.target);
    Request request;
    REQUIRE_FALSE(read_target(request, row.target));
    const auto found = match_path(row.path_template, request.segments);
    REQUIRE(found.has_value() == row.fits);
    if (found && !found->empty()) CHECK(found->front().second == row.id);
  }
}

TEST_CASE("a query is decoded, a plus is a space, and a broken target is refused") {
  Request request;
  REQUIRE_FALSE(read_target(request, "/x?q=Lu%E1%BA%ADt+C%C4%83n&b=&c"));
  CHECK(request.query_value("q") == "Luật Căn");
  CHECK(request.query_value("b") == "");
  CHECK(request.query_value("c") == "");
  CHECK_FALSE(request.query_value("d"));
  Request broken;
  CHECK(read_target(broken, "/x%zz"));
  CHECK(read_target(broken, "x"));
}

TEST_CASE("of what a trusted proxy forwards, its own last word counts") {
  struct Row {
    const char* name;
    Pairs headers;
    std::string peer;
    const char* code = "";
  };
  const std::string for_("x-forwarded-for"), proto("x-forwarded-proto");
  const Row rows[] = {{"one address", {{for_, "10.1.2.3"}}, "10.1.2.3"},
                      {"a list", {{for_, "6.6.6.6, 10.1.2.3"}}, "10.1.2.3"},
                      {"a line below the client's", {{for_, "6.6.6.6"}, {for_, "10.1.2.3"}}, "10.1.2.3"},
                      {"lists in lines", {{for_, "6.6.6.6, 7.7.7.7"}, {for_, "8.8.8.8 , 2001:db8::1 "}}, "2001:db8::1"},
                      {"one spelling of an address", {{for_, "2001:DB8:0:0::1"}}, "2001:db8::1"},
                      {"no address", {}, "127.0.0.1"},
                      {"a name", {{for_, "10.1.2.3, unknown"}}, "127.0.0.1", "bad_forwarding"},
                      {"nothing", {{for_, ""}}, "127.0.0.1", "bad_forwarding"},
                      {"nothing at the end", {{for_, "10.1.2.3,"}}, "127.0.0.1", "bad_forwarding"},
                      {"an address and more", {{for_, "10.1.2.3\tx"}}, "127.0.0.1", "bad_forwarding"},
                      {"twice the scheme", {{proto, "https"}}, "127.0.0.1", "bad_forwarding"}};
  for (const auto& row : rows) {
    INFO(row.name);
    Request request;
    request.headers = row.headers;
    request.headers.emplace_back(proto, "https");
    const auto problem = read_peer(request, "127.0.0.1", false, false, {"127.0.0.1"});
    CHECK((problem ? problem->code : "") == row.code);
    CHECK(request.peer == row.peer);
  }
}

TEST_CASE("a cookie is found among others by its whole name") {
  Request request;
  request.headers = {{"cookie", "other=1; loa_session=abc;x=y"}};
  CHECK(request.cookie("loa_session") == "abc");
  CHECK(request.cookie("x") == "y");
  CHECK(request.cookie("session").empty());
}

TEST_CASE("a value can neither start a header nor an answer of its own") {
  auto response = empty_response(204);
  response.headers.emplace_back("X-Name", "a\r\nSet-Cookie: evil\r\n\r\nbody");
  const auto text = header_text(response, 0, true);
  CHECK(text.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(text.find("Content-Length") == std::string::npos);
}

TEST_CASE("only an answer over TLS says that nothing else is to be used from now on") {
  const auto header = "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";
  CHECK(header_text(empty_response(204), 0, true, true).find(header) != std::string::npos);
  CHECK(header_text(empty_response(204), 0, true, false).find("Strict-Transport") == std::string::npos);
}

TEST_CASE("the page's folder is all that is served of the disk") {
  tests::TempFolder folder;
  const auto root = folder / "page";
  std::filesystem::create_directories(root / "assets");
  std::ofstream(root / "index.html") << "page";
  std::ofstream(root / "assets" / "app.js") << "script";
  std::ofstream(root / ".secret.txt") << "hidden";
  std::ofstream(folder / "outside.txt") << "outside";
  std::filesystem::create_symlink(folder / "outside.txt", root / "linked.txt");
  struct Row {
    const char* target;
    unsigned status;
  };
  const Row rows[] = {{"/", 200},           {"/programmes", 200},      {"/assets/app.js", 200},    {"/none.js", 404},
                      {"/../outside.txt", 404}, {"/%2e%2e/outside.txt", 404}, {"/..%2foutside.txt", 404}, {"/.secret.txt", 404},
                      {"/linked.txt", 404}, {"/assets/%00.js", 404}};
  for (const auto& row : rows) {
    INFO(row.target);
    Request request;
    read_target(request, row.target);
    CHECK(serve_page(request, root).status == row.status);
  }
}

}  // namespace loa::http
