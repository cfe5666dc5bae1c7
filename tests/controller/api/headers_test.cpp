#include <catch2/catch.hpp>

#include "controller/api/routes.hpp"
#include "tests/controller/api/fixture.hpp"

// What holds for every route alike: the headers of its answers, and whose requests it takes.
namespace loa::api {
namespace {

std::string example(std::string_view path) {
  std::string made;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '{') {
      made += "x";
      i = path.find('}', i);
    } else {
      made += path[i];
    }
  }
  return made;
}

bool changes(http::Method method) { return method != http::Method::get && method != http::Method::head; }

}  // namespace

TEST_CASE("every answer carries the headers that a browser is to obey") {
  TestApi api;
  auto nobody = api.anyone();
  auto author = api.client("author");
  const auto check = [](const tests::HttpAnswer& answer) {
    const auto header = [&](const char* name) {
      const auto found = answer.headers.find(name);
      return found == answer.headers.end() ? std::string() : found->second;
    };
    CHECK(header("x-content-type-options") == "nosniff");
    CHECK(header("x-frame-options") == "DENY");
    CHECK(header("referrer-policy") == "no-referrer");
    CHECK(header("cross-origin-resource-policy") == "same-origin");
    CHECK(header("cross-origin-opener-policy") == "same-origin");
    CHECK(header("permissions-policy").find("microphone=()") != std::string::npos);
    const auto policy = header("content-security-policy");
    for (const auto* part : {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"})
      CHECK(policy.find(part) != std::string::npos);
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(answer.headers.count("access-control-allow-origin") == 0);
    CHECK(answer.headers.count("strict-transport-security") == 0);  // plain HTTP: see the test of header_text
  };
  for (const auto& route : routes()) {
    if (route.path == "/api/v1/events") continue;  // never ends
    const std::string method = name_of(route.method);
    INFO(method << " " << route.path);
    for (auto* client : {&nobody, &author}) {
      if (client == &author && route.path == "/api/v1/session" && route.method == http::Method::del) continue;
      const auto answer = client->send(method, example(route.path), changes(route.method) ? "{}" : "", {"Content-Type: application/json"});
      check(answer);
      if (!route.path.starts_with("/api/")) continue;
      CHECK(answer.headers.at("cache-control") == "no-store");
      if (!answer.body.empty()) CHECK(answer.headers.at("content-disposition") == "attachment; filename=\"api.json\"");
    }
  }
  auto page = api.anyone();
  page.unchecked();
  for (const auto* path : {"/", "/none.js", "/api/v1/nothing", "/..%2f"}) {
    INFO(path);
    check(page.get(path));
  }
}

TEST_CASE("no route that changes anything takes a request that another site started") {
  TestApi api;
  auto root = api.client("root");
  int asked = 0;
  for (const auto& route : routes()) {
    if (!changes(route.method)) continue;
    const std::string type = "Content-Type: " + std::string(route.takes.empty() ? "audio/wav" : route.takes);
    INFO(name_of(route.method) << " " << route.path);
    for (const auto* from : {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://elsewhere.example", "Origin: null"})
      CHECK(root.send(name_of(route.method), example(route.path), "{}", {type, from}).code() == "cross_site");
    const auto other_scheme = "Origin: https" + api.base().substr(4);
    CHECK(root.send(name_of(route.method), example(route.path), "{}", {type, other_scheme}).code() == "cross_site");
    ++asked;
  }
  CHECK(asked > 20);
}

TEST_CASE("no route takes a body of a type that a form of another site could send") {
  TestApi api;
  auto root = api.client("root");
  for (const auto& route : routes()) {
    if (!changes(route.method) || route.takes.empty()) continue;
    INFO(name_of(route.method) << " " << route.path);
    for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""}) {
      const auto answer = root.send(name_of(route.method), example(route.path), "{}", {std::string("Content-Type: ") + type});
      CHECK(answer.status == 415);
      CHECK(answer.code() == "wrong_content_type");
    }
  }
}

TEST_CASE("a method that a route does not have is refused with those that it has") {
  TestApi api;
  auto root = api.client("root");
  root.unchecked();
  for (const auto& route : routes()) {
    INFO(route.path);
    for (const auto* method : {"TRACE", "OPTIONS", "PROPFIND"}) {
      const auto answer = root.send(method, example(route.path), "", {});
      CHECK(answer.status == 405);
      CHECK(answer.headers.at("allow").find(name_of(route.method)) != std::string::npos);
    }
  }
}

}  // namespace loa::api
