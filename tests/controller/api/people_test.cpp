#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/controller/api/fixture.hpp"

namespace loa::api {

TEST_CASE("signing in gives a cookie that scripts and other sites do not get, and only its hash is kept") {
  TestApi api;
  auto client = api.anyone();
  CHECK(client.get("/api/v1/session").code() == "not_signed_in");
  const auto answer = client.post("/api/v1/session", R"({"name":"Author","password":"a good long password"})");
  REQUIRE(answer.status == 200);
  const auto cookie = answer.headers.at("set-cookie");
  CHECK(cookie.find("HttpOnly") != std::string::npos);
  CHECK(cookie.find("SameSite=Strict") != std::string::npos);
  CHECK(cookie.find("; Secure") != std::string::npos);
  CHECK(cookie.find("Path=/;") != std::string::npos);
  CHECK(cookie.find("Domain") == std::string::npos);
  REQUIRE(cookie.starts_with("__Host-loa_session="));
  const auto token = cookie.substr(19, 64);
  CHECK(api.write([&](store::Transaction& t) {
    return !store::find_user_session(t.session(), token, t.now(), std::chrono::hours(1)).has_value();
  }));
  CHECK(answer.text("/user/name") == "author");
  CHECK(answer.text("/grants") == R"([{"role":"author","area":"hue-a"}])");
  CHECK(answer.text("/rights/0") == R"({"right":"see","areas":["hue-a"]})");
  CHECK(client.get("/api/v1/session").status == 200);
  CHECK(client.del("/api/v1/session").status == 204);
  CHECK(client.send("GET", "/api/v1/session", "", {"Cookie: __Host-loa_session=" + token}).code() == "not_signed_in");
}

TEST_CASE("a session ends after its time") {
  TestApi api;
  auto client = api.client("author");
  api.clock.tick(std::chrono::hours(12));
  CHECK(client.get("/api/v1/session").code() == "not_signed_in");
}

TEST_CASE("a wrong password and an unknown user are answered alike, and too many of them wait") {
  TestApi api;
  auto client = api.anyone();
  const auto wrong = client.post("/api/v1/session", R"({"name":"author","password":"wrong"})");
  const auto unknown = client.post("/api/v1/session", R"({"name":"nobody","password":"wrong"})");
  CHECK(wrong.status == 401);
  CHECK(wrong.body == unknown.body);
  for (int i = 0; i < 4; ++i) client.post("/api/v1/session", R"({"name":"author","password":"wrong"})");
  const auto late = client.post("/api/v1/session", R"({"name":"author","password":"a good long password"})");
  CHECK(late.code() == "too_many_attempts");
  CHECK(late.headers.at("retry-after") == "2");
  api.clock.tick(std::chrono::seconds(2));
  CHECK(client.post("/api/v1/session", R"({"name":"author","password":"a good long password"})").status == 200);
}

TEST_CASE("a request that another site starts changes nothing") {
  TestApi api;
  auto client = api.client("author");
  const std::string body = R"({"title":"x","area":"hue-a"})";
  const auto send = [&](const std::string& header) {
    return client.send("POST", "/api/v1/programmes", body, {"Content-Type: application/json", header}).status;
  };
  CHECK(send("Sec-Fetch-Site: cross-site") == 403);
  CHECK(send("Sec-Fetch-Site: same-site") == 403);
  CHECK(send("Origin: https://elsewhere.example") == 403);
  CHECK(send("Origin: " + api.base()) == 201);
  CHECK(send("Sec-Fetch-Site: same-origin") == 201);
}

TEST_CASE("a changed password ends the other sessions") {
  TestApi api;
  auto first = api.client("author");
  auto second = api.client("author");
  CHECK(first.put("/api/v1/session/password", R"({"old_password":"wrong","new_password":"another long one"})").code() == "wrong_password");
  CHECK(first.put("/api/v1/session/password", R"({"old_password":"a good long password","new_password":"short"})").code() == "too_short");
  CHECK(first.put("/api/v1/session/password", R"({"old_password":"a good long password","new_password":"another long one"})").status == 204);
  CHECK(first.get("/api/v1/session").status == 200);
  CHECK(second.get("/api/v1/session").status == 401);
  CHECK_THROWS(second.sign_in("author", TestApi::kPassword));
  CHECK_NOTHROW(second.sign_in("author", "another long one"));
}

TEST_CASE("an admin grants within the own branch and not beyond") {
  TestApi api;
  auto admin = api.client("admin");
  const auto body = [](const std::string& name, const std::string& role, const std::string& area) {
    return R"({"name":")" + name + R"(","display_name":"X","password":"a good long password","grants":[{"role":")" + role +
           R"(","area":")" + area + R"("}]})";
  };
  const auto made = admin.post("/api/v1/users", body("lan", "author", "hue-a"));
  REQUIRE(made.status == 201);
  CHECK(admin.post("/api/v1/users", body("lan", "author", "hue-a")).code() == "name_taken");
  CHECK(admin.post("/api/v1/users", body("mai", "author", "hue")).status == 422);
  CHECK(admin.post("/api/v1/users", body("mai", "monitor", "hue-b")).status == 422);
  const auto path = "/api/v1/users/" + made.text("/id");
  CHECK(admin.patch(path, R"({"grants":[{"role":"admin","area":"hue"}]})").status == 422);
  CHECK(admin.patch(path, R"({"grants":[{"role":"admin","area":"hue-b"}]})").status == 422);
  CHECK(admin.patch(path, R"({"grants":[{"role":"monitor","area":"hue-a"}]})").text("/grants/0/role") == "monitor");

  SECTION("what others granted stays and is not seen") {
    auto root = api.client("root");
    REQUIRE(root.patch(path, R"({"grants":[{"role":"author","area":"hue-a"},{"role":"author","area":"hue-b"}]})").status == 200);
    const auto seen = admin.patch(path, R"({"grants":[{"role":"monitor","area":"hue-a"}]})");
    CHECK(seen.body.find("hue-b") == std::string::npos);
    CHECK(root.get(path).json().at("grants").get_array().size() == 2);
    CHECK(admin.patch(path, R"({"password":"taken over now"})").code() == "forbidden");
    CHECK(admin.patch(path, R"({"disabled":true})").code() == "forbidden");
  }
  SECTION("a disabled user is out at once") {
    auto lan = api.client("lan");
    CHECK(admin.patch(path, R"({"disabled":true})").text("/disabled") == "true");
    CHECK(lan.get("/api/v1/session").status == 401);
    CHECK_THROWS(lan.sign_in("lan", TestApi::kPassword));
  }
  SECTION("nobody changes the own rights") {
    const auto me = admin.get("/api/v1/session").text("/user/id");
    CHECK(admin.patch("/api/v1/users/" + me, R"({"grants":[]})").code() == "own_account");
    CHECK(admin.patch("/api/v1/users/" + me, R"({"disabled":true})").code() == "own_account");
    CHECK(admin.patch("/api/v1/users/" + me, R"({"password":"four unrelated words"})").code() == "own_account");
    CHECK(admin.post("/api/v1/users/" + me + "/invitation").code() == "own_account");
  }
}

TEST_CASE("an admin moves no area out of or into what is not the own branch") {
  TestApi api;
  auto admin = api.client("admin");
  CHECK(admin.patch("/api/v1/areas/hue-a", R"({"parent":"hue-b"})").status == 422);
  CHECK(admin.post("/api/v1/areas", R"({"id":"hue-a-1","name":"Tổ 1","kind":"zone","parent":"hue-a"})").status == 201);
  CHECK(admin.post("/api/v1/areas", R"({"id":"hue-a-1","name":"Tổ 1","kind":"zone","parent":"hue-a"})").code() == "id_taken");
  CHECK(admin.patch("/api/v1/areas/hue-a-1", R"({"parent":"hue-b"})").status == 422);
  auto root = api.client("root");
  CHECK(root.patch("/api/v1/areas/hue-a", R"({"parent":"hue-a-1"})").code() == "bad_parent");
  CHECK(root.patch("/api/v1/areas/hue-a-1", R"({"parent":"hue-b"})").text("/parent") == "hue-b");
}

}  // namespace loa::api
