#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/api/routes.hpp"
#include "controller/store/api_tokens.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

using namespace std::chrono_literals;

/// A machine with a token.
struct Machine {
  TestApi& api;
  std::string token;
  tests::HttpClient client = api.anyone();

  tests::HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body = {}, const std::string& type = "application/json") {
    return client.send(method, path, body, {"Authorization: Bearer " + token, "Content-Type: " + type});
  }
  tests::HttpAnswer get(const std::string& path) { return ask("GET", "/api/v1/" + path); }
};

std::string token_body(const std::string& area, const std::string& scopes, int days = 30) {
  return R"({"name":"Cổng thông tin","area":")" + area + R"(","scopes":)" + scopes + R"(,"days":)" + std::to_string(days) + "}";
}

std::string make(tests::HttpClient& admin, const std::string& area, Scope scope) {
  const auto made = admin.post("/api/v1/tokens", token_body(area, R"([")" + std::string(name_of(scope)) + R"("])"));
  REQUIRE(made.status == 201);
  return made.text("/token");
}

// An address of the route that exists, as far as that can be.
std::string address(const TestApi& api, const Route& route) {
  std::string path(route.path);
  const auto put = [&](const std::string& hole, const std::string& value) {
    if (const auto at = path.find(hole); at != std::string::npos) path.replace(at, hole.size(), value);
  };
  if (path.starts_with("/api/v1/areas/")) put("{id}", "hue-a");
  if (path.starts_with("/api/v1/nodes/")) put("{id}", api.node);
  if (path.starts_with("/api/v1/programmes/")) put("{id}", api.programme);
  if (path.starts_with("/api/v1/broadcasts/")) put("{id}", api.broadcast);
  if (path.starts_with("/api/v1/streams/")) put("{id}", api.stream);
  if (path.starts_with("/api/v1/alerts/")) put("{id}", api.alert);
  put("{id}", "x");
  put("{session}", "x");
  put("{name}", "x");
  if (path == "/api/v1/occurrences") path += "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
  if (path.ends_with("/record-proof")) path += "?log=log-1";
  return path;
}

}  // namespace

TEST_CASE("every scope opens the routes that name it and no other") {
  TestApi api;
  auto admin = api.client("admin");
  int opened = 0, closed = 0;
  for (const auto scope : kScopes) {
    Machine machine{api, make(admin, "hue-a", scope)};
    int own = 0;
    for (const auto& route : routes()) {
      if (route.right == Right::anyone) continue;
      INFO(name_of(scope) << ": " << name_of(route.method) << " " << route.path);
      const bool reads = route.method == http::Method::get;
      const auto answer = machine.ask(name_of(route.method), address(api, route), reads ? "" : "{}",
                                      route.takes.empty() ? "audio/wav" : std::string(route.takes));
      if (route.scope == scope) {
        CHECK(answer.status == 200);
        ++own;
      } else {
        CHECK(answer.status == 403);
        CHECK(answer.code() == "wrong_scope");
        ++closed;
      }
    }
    CHECK(own > 0);
    opened += own;
  }
  CHECK(opened == 20);
  CHECK(closed > 400);
}

TEST_CASE("no route that changes anything names a scope") {
  for (const auto& route : routes()) {
    INFO(route.path);
    if (route.method != http::Method::get) CHECK(route.scope == Scope::none);
    if (route.right == Right::approve_programmes || route.right == Right::raise_alerts) CHECK(route.scope == Scope::none);
  }
}

TEST_CASE("a token reads its area and below, and nothing else") {
  TestApi api;
  auto root = api.client("root");
  Machine of_b{api, make(root, "hue-b", Scope::read_nodes)};
  CHECK(of_b.get("nodes/" + api.node).status == 404);
  CHECK(of_b.get("nodes/" + api.other_node).status == 200);
  CHECK(of_b.get("nodes").body.find(api.node) == std::string::npos);
  CHECK(of_b.get("nodes?area=hue-a").status == 404);
  Machine of_all{api, make(root, "hue", Scope::read_nodes)};
  CHECK(of_all.get("nodes/" + api.node).status == 200);
}

TEST_CASE("a token is told once, kept as a hash, and counts until its end") {
  TestApi api;
  auto admin = api.client("admin");
  api.clock.tick(1s);  // newer than the fixture's
  const auto made = admin.post("/api/v1/tokens", token_body("hue-a", R"(["read:records","read:records"])", 1));
  REQUIRE(made.status == 201);
  Machine machine{api, made.text("/token")};
  CHECK(machine.token.size() == 68);
  CHECK(made.text("/scopes") == R"(["read:records"])");
  CHECK(machine.get("play-records").status == 200);
  const auto list = admin.get("/api/v1/tokens");
  CHECK(list.body.find(machine.token) == std::string::npos);
  CHECK(list.text("/items/0/last_address") == "127.0.0.1");
  CHECK(api.write([&](store::Transaction& t) { return !store::find_api_token_by_hash(t.session(), machine.token).has_value(); }));
  api.clock.tick(24h);
  CHECK(machine.get("play-records").code() == "bad_token");
  CHECK(machine.get("play-records").headers.at("www-authenticate") == "Bearer");
}

TEST_CASE("a token ends when it is revoked, and when its maker may give it no more") {
  TestApi api;
  auto root = api.client("root");
  Machine machine{api, api.token};
  CHECK(machine.get("play-records").status == 200);
  const auto state = [&] { return root.get("/api/v1/tokens").text("/items/0/state"); };
  SECTION("revoked") {
    auto stranger = api.client("stranger");
    CHECK(stranger.del("/api/v1/tokens/" + api.token_id).status == 404);
    CHECK(root.del("/api/v1/tokens/" + api.token_id).status == 204);
    CHECK(root.del("/api/v1/tokens/" + api.token_id).code() == "wrong_state");
    CHECK(state() == "revoked");
  }
  SECTION("its maker is deactivated") {
    CHECK(root.patch("/api/v1/users/" + api.user_admin, R"({"disabled":true})").status == 200);
    CHECK(state() == "maker_gone");
  }
  SECTION("its maker is no admin there any more") {
    CHECK(root.patch("/api/v1/users/" + api.user_admin, R"({"grants":[{"role":"admin","area":"hue-b"}]})").status == 200);
    CHECK(state() == "maker_gone");
  }
  CHECK(machine.get("play-records").code() == "bad_token");
}

TEST_CASE("what is no token opens nothing, whatever cookie comes along") {
  TestApi api;
  auto root = api.client("root");
  for (const std::string credentials : {"Bearer loa_" + std::string(64, '0'), std::string("Bearer "), std::string("Basic cm9vdDpyb290"),
                                        "bearer " + api.token, api.token, "Bearer " + api.token + "x"}) {
    INFO(credentials);
    CHECK(root.get("/api/v1/nodes", {"Authorization: " + credentials}).code() == "bad_token");
  }
  // The token decides: it does not borrow the rights of the session beside it.
  CHECK(root.get("/api/v1/nodes", {"Authorization: Bearer " + api.token}).code() == "wrong_scope");
}

TEST_CASE("a token that cannot be is refused where it is asked for") {
  TestApi api;
  auto admin = api.client("admin");
  const auto code = [&](const std::string& body) {
    const auto answer = admin.post("/api/v1/tokens", body);
    return answer.text("/errors/0/pointer") + " " + answer.text("/errors/0/code");
  };
  CHECK(code(token_body("hue-b", R"(["read:records"])")) == "/area unknown_area");
  CHECK(admin.post("/api/v1/tokens", token_body("hue", R"(["read:records"])")).code() == "unknown_area");
  CHECK(code(token_body("hue-a", "[]")) == "/scopes missing_field");
  CHECK(code(token_body("hue-a", R"(["write:everything"])")) == "/scopes unknown_value");
  CHECK(code(token_body("hue-a", R"(["read:records"])", 367)) == "/days out_of_range");
  CHECK(code(token_body("hue-a", R"(["read:records"])", 0)) == "/days out_of_range");
}

}  // namespace loa::api
