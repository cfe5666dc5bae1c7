#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/api/password_strength.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

using namespace std::chrono_literals;

std::string redeem(const std::string& token, const std::string& password = "bốn từ không liên quan") {
  return R"({"token":")" + token + R"(","password":")" + password + "\"}";
}

const char* const kLan = R"({"name":"lan","display_name":"Lan","grants":[{"role":"author","area":"hue-a"}]})";

}  // namespace

TEST_CASE("a new person sets the password by a link that counts once") {
  TestApi api({}, false);
  auto admin = api.client("admin");
  const auto made = admin.post("/api/v1/users", kLan);
  REQUIRE(made.status == 201);
  CHECK(made.text("/password_set") == "false");
  const auto token = made.text("/invitation/token");
  REQUIRE(token.size() == 64);
  CHECK(admin.get("/api/v1/users/" + made.text("/id")).body.find(token) == std::string::npos);
  auto lan = api.anyone();
  CHECK_THROWS(lan.sign_in("lan", ""));
  CHECK(lan.post("/api/v1/invitations", redeem(std::string(64, '0'))).code() == "bad_invitation");
  CHECK(lan.post("/api/v1/invitations", redeem(token, "password1234")).code() == "weak_password");
  CHECK(lan.post("/api/v1/invitations", redeem(token, "short")).code() == "too_short");
  CHECK(lan.post("/api/v1/invitations", redeem(token)).text("/name") == "lan");
  CHECK(lan.post("/api/v1/invitations", redeem(token, "another good one")).code() == "bad_invitation");
  CHECK_NOTHROW(lan.sign_in("lan", "bốn từ không liên quan"));
}

TEST_CASE("a link counts no longer than it says, and not after another one") {
  TestApi api;
  auto admin = api.client("admin");
  const auto made = admin.post("/api/v1/users", kLan);
  const auto path = "/api/v1/users/" + made.text("/id") + "/invitation";
  const auto first = made.text("/invitation/token");
  const auto second = admin.post(path).text("/token");
  CHECK(api.anyone().post("/api/v1/invitations", redeem(first)).code() == "bad_invitation");
  SECTION("too late") {
    api.clock.tick(72h);
    CHECK(api.anyone().post("/api/v1/invitations", redeem(second)).code() == "bad_invitation");
  }
  SECTION("in time") {
    api.clock.tick(71h);
    CHECK(api.anyone().post("/api/v1/invitations", redeem(second)).status == 200);
  }
  SECTION("withdrawn") {
    CHECK(admin.del(path).status == 204);
    CHECK(admin.del(path).status == 404);
    CHECK(api.anyone().post("/api/v1/invitations", redeem(second)).code() == "bad_invitation");
  }
  SECTION("deactivated") {
    CHECK(admin.patch("/api/v1/users/" + made.text("/id"), R"({"disabled":true})").status == 200);
    CHECK(api.anyone().post("/api/v1/invitations", redeem(second)).code() == "bad_invitation");
    CHECK(admin.post(path).code() == "disabled");
  }
}

TEST_CASE("a reset leaves the old password until the link is used, and then ends everything that it opened") {
  TestApi api;
  auto admin = api.client("admin");
  auto author = api.client("author");
  const auto token = admin.post("/api/v1/users/" + api.user_author + "/invitation").text("/token");
  CHECK(author.get("/api/v1/session").status == 200);
  CHECK_NOTHROW(api.client("author"));
  CHECK(admin.get("/api/v1/users/" + api.user_author).text("/invited_until") == "2026-11-26T01:00:00Z");
  CHECK(api.anyone().post("/api/v1/invitations", redeem(token)).status == 200);
  CHECK(author.get("/api/v1/session").status == 401);
  CHECK_THROWS(api.client("author"));
  auto again = api.anyone();
  CHECK_NOTHROW(again.sign_in("author", "bốn từ không liên quan"));
}

TEST_CASE("an admin resets nobody of another branch, and nobody with roles in one") {
  TestApi api;
  auto root = api.client("root");
  auto admin = api.client("admin");
  auto stranger = api.client("stranger");
  CHECK(stranger.post("/api/v1/users/" + api.user_author + "/invitation").status == 404);
  CHECK(root.patch("/api/v1/users/" + api.user_author,
                   R"({"grants":[{"role":"author","area":"hue-a"},{"role":"monitor","area":"hue-b"}]})").status == 200);
  CHECK(admin.post("/api/v1/users/" + api.user_author + "/invitation").code() == "forbidden");
  CHECK(admin.del("/api/v1/users/" + api.user_author + "/second-factor").code() == "forbidden");
  CHECK(root.post("/api/v1/users/" + api.user_author + "/invitation").status == 201);
}

TEST_CASE("where people set their passwords themselves no admin does") {
  TestApi api({}, false);
  auto admin = api.client("admin");
  const auto with = R"({"name":"lan","display_name":"Lan","password":"four unrelated words","grants":[{"role":"author","area":"hue-a"}]})";
  CHECK(admin.post("/api/v1/users", with).text("/errors/0/code") == "invitation_only");
  CHECK(admin.patch("/api/v1/users/" + api.user_author, R"({"password":"four unrelated words"})").text("/errors/0/code") == "invitation_only");
}

TEST_CASE("a password that would be guessed soon is not taken") {
  for (const auto* weak : {"password1234", "123456789012", "qwertyuiop12", "matkhau12345", "aaaaaaaaaaaa", "iloveyou1234", "adminadminadmin",
                           "truyenthanh1", "Password2026!", "vietnam123456", "nguyenvanlan1", "letmein12345"}) {
    INFO(weak);
    CHECK(weakness_of(weak, {"nguyen.van.lan", "Lan"}));
  }
  for (const auto* good : {"a good long password", "bốn từ không liên quan", "another long one", "0q3kx81m2p4z7y", "correct-horse-battery"}) {
    INFO(good);
    CHECK_FALSE(weakness_of(good, {"lan", "Lê Thị Lan"}));
  }
  CHECK_FALSE(weakness_of(std::string(60, 'x') + "7 chim bay qua cau Truong Tien" + std::string(30, 'y'), {}));
}

}  // namespace loa::api
