#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

constexpr const char* kGood = R"({"name":"author","password":"a good long password"})";
constexpr const char* kWrong = R"({"name":"author","password":"wrong"})";

std::size_t sessions(tests::HttpClient& client) { return client.get("/api/v1/sessions").json().at("items").get_array().size(); }

}  // namespace

TEST_CASE("a session that nobody uses ends, and requests that no person asked for do not keep it") {
  TestApi api;
  auto used = api.client("author");
  auto left = api.client("author");
  for (int i = 0; i < 5; ++i) {
    api.clock.tick(std::chrono::minutes(30));
    CHECK(used.get("/api/v1/session").status == 200);
    CHECK(left.get("/api/v1/session", {"Loa-Unattended: 1"}).status == (i < 3 ? 200 : 401));
  }
  CHECK(sessions(used) == 1);
}

TEST_CASE("one sees where one is signed in, and ends what one does not know") {
  TestApi api;
  auto here = api.client("author");
  auto there = api.client("author");
  const auto list = here.get("/api/v1/sessions").json().at("items").get_array();
  REQUIRE(list.size() == 2);
  std::string other;
  for (const auto& one : list)
    if (!one.at("current").get_bool()) other = std::string(one.at("id").get_string());
  CHECK(list[0].at("address").get_string() == "127.0.0.1");
  auto stranger = api.client("approver");
  CHECK(stranger.del("/api/v1/sessions/" + other).status == 404);
  CHECK(there.get("/api/v1/session").status == 200);
  CHECK(here.del("/api/v1/sessions/" + other).status == 204);
  CHECK(there.get("/api/v1/session").code() == "not_signed_in");
  CHECK(here.del("/api/v1/sessions/" + other).status == 404);

  auto third = api.client("author");
  CHECK(here.del("/api/v1/sessions").status == 204);
  CHECK(third.get("/api/v1/session").status == 401);
  CHECK(here.get("/api/v1/session").status == 200);
}

TEST_CASE("an admin ends sessions of people of the own branch only") {
  TestApi api;
  auto author = api.client("author");
  auto second = api.client("author");
  auto admin = api.client("admin");
  const auto path = "/api/v1/users/" + api.user_author + "/sessions";
  const auto list = admin.get(path).json().at("items").get_array();
  REQUIRE(list.size() == 2);
  CHECK(admin.del(path + "/" + std::string(list[0].at("id").get_string())).status == 204);
  CHECK((author.get("/api/v1/session").status == 401) != (second.get("/api/v1/session").status == 401));
  CHECK(admin.del(path).status == 204);
  CHECK(author.get("/api/v1/session").status == 401);
  CHECK(second.get("/api/v1/session").status == 401);

  const auto root = api.client("root").get("/api/v1/session").text("/user/id");
  CHECK(admin.get("/api/v1/users/" + root + "/sessions").status == 404);
  auto everyone = api.client("root");
  const auto both = R"({"grants":[{"role":"author","area":"hue-a"},{"role":"author","area":"hue-b"}]})";
  REQUIRE(everyone.patch("/api/v1/users/" + api.user_author, both).status == 200);
  CHECK(admin.get(path).code() == "forbidden");
  CHECK(admin.del(path).code() == "forbidden");
}

TEST_CASE("other roles end the sessions in which the old ones were read") {
  TestApi api;
  auto author = api.client("author");
  auto admin = api.client("admin");
  const auto path = "/api/v1/users/" + api.user_author;
  CHECK(admin.patch(path, R"({"grants":[{"role":"author","area":"hue-a"}]})").status == 200);
  CHECK(author.get("/api/v1/session").status == 200);
  CHECK(admin.patch(path, R"({"grants":[{"role":"monitor","area":"hue-a"}]})").status == 200);
  CHECK(author.get("/api/v1/session").status == 401);
}

TEST_CASE("a new password gives the session a new token") {
  TestApi api;
  auto client = api.anyone();
  const auto before = client.post("/api/v1/session", kGood).headers.at("set-cookie").substr(19, 64);
  const auto answer = client.put("/api/v1/session/password", R"({"old_password":"a good long password","new_password":"another long one"})");
  CHECK(answer.headers.at("set-cookie").substr(19, 64) != before);
  CHECK(client.get("/api/v1/session").status == 200);
  CHECK(api.anyone().send("GET", "/api/v1/session", "", {"Cookie: __Host-loa_session=" + before}).status == 401);
}

TEST_CASE("guesses from the same address do not hold up a device that is known, until it guesses itself") {
  TestApi api;
  auto known = api.client("author");
  auto other = api.anyone();
  REQUIRE(known.del("/api/v1/session").status == 204);
  for (int i = 0; i < 12; ++i) other.post("/api/v1/session", kWrong);
  CHECK(other.post("/api/v1/session", kGood).code() == "too_many_attempts");
  CHECK(known.post("/api/v1/session", kGood).status == 200);
  for (int i = 0; i < 8; ++i) known.post("/api/v1/session", kWrong);
  CHECK(known.post("/api/v1/session", kGood).code() == "too_many_attempts");

  SECTION("the cookie of one user's device is worth nothing for another") {
    auto approver = api.client("approver");
    for (int i = 0; i < 12; ++i) approver.post("/api/v1/session", kWrong);
    CHECK(approver.post("/api/v1/session", kGood).code() == "too_many_attempts");
  }
}

TEST_CASE("a session keeps what the program called itself, without what could break a line") {
  TestApi api;
  auto client = api.anyone();
  client.send("POST", "/api/v1/session", kGood, {"Content-Type: application/json", "User-Agent: " + std::string(500, 'x') + "\x80"});
  CHECK(client.get("/api/v1/sessions").text("/items/0/agent") == std::string(200, 'x'));
}

}  // namespace loa::api
