#include <liboath/oath.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "controller/api/one_time_codes.hpp"
#include "controller/api/routes.hpp"
#include "controller/api/sealing.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/second_factors.hpp"
#include "protocol/hash.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

using namespace std::chrono_literals;

/// A phone with an authenticator app.
struct Phone {
  std::string secret;  ///< as it is typed in

  std::string code(scheduler::TimePoint now) const {
    std::string letters;
    for (const char c : secret)
      if (c != ' ') letters += c;
    char* bytes = nullptr;
    std::size_t length = 0;
    REQUIRE(oath_base32_decode(letters.data(), letters.size(), &bytes, &length) == OATH_OK);
    char out[7] = "";
    CHECK(oath_totp_generate(bytes, length, scheduler::to_ms(now) / 1000, 30, 0, 6, out) == OATH_OK);
    std::free(bytes);
    return out;
  }
};

std::string code_body(const std::string& code) { return R"({"code":")" + code + "\"}"; }

std::string sign_in_body(const std::string& name, const std::string& code = {}) {
  return R"({"name":")" + name + R"(","password":"a good long password")" + (code.empty() ? "" : R"(,"code":")" + code + "\"") + "}";
}

struct SetUp {
  Phone phone;
  std::vector<std::string> recovery;
};

/// Sets a second factor up for whoever is signed in.
SetUp set_up(TestApi& api, tests::HttpClient& client) {
  SetUp made;
  const auto begun = client.post("/api/v1/second-factor");
  REQUIRE(begun.status == 201);
  made.phone.secret = begun.text("/secret");
  const auto confirmed = client.post("/api/v1/second-factor/confirm", code_body(made.phone.code(api.clock.now())));
  REQUIRE(confirmed.status == 201);
  const auto told = confirmed.json();
  for (const auto& one : told.at("recovery_codes").get_array()) made.recovery.emplace_back(one.get_string());
  return made;
}

int rows_of(TestApi& api, const std::string& action) {
  return api.write([&](store::Transaction& t) {
    int count = 0;
    for (const auto& row : store::list_audit(t.session(), {}, true, 1000)) count += row.action == action;
    return count;
  });
}

}  // namespace

TEST_CASE("codes are those of RFC 6238, appendix B") {
  const std::string secret = "12345678901234567890";
  struct Row {
    std::int64_t seconds;
    const char* code;
  };
  // The last six digits of the eight that the standard lists.
  for (const auto& row : {Row{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"}}) {
    const auto at = scheduler::from_ms(row.seconds * 1000);
    INFO(row.seconds);
    CHECK(step_of_code(secret, row.code, at) == row.seconds / 30);
    CHECK(step_of_code(secret, row.code, at + 30s) == row.seconds / 30);
    CHECK(step_of_code(secret, row.code, at - 30s) == row.seconds / 30);
    CHECK_FALSE(step_of_code(secret, row.code, at + 61s));
    CHECK_FALSE(step_of_code(secret, row.code, at - 61s));
  }
  for (const auto* bad : {"", "28708", "2870822", "28708x", "٢٨٧٠٨٢", "-87082"}) CHECK_FALSE(step_of_code(secret, bad, scheduler::from_ms(59'000)));
  CHECK_FALSE(step_of_code("", "287082", scheduler::from_ms(59'000)));
}

TEST_CASE("a secret is told as apps read it") {
  CHECK(new_secret().size() == 20);
  CHECK(new_secret() != new_secret());
  CHECK(typed_secret("12345678901234567890") == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
  CHECK(secret_uri("12345678901234567890", "Loa Huế", "lan.b") ==
        "otpauth://totp/Loa%20Hu%E1%BA%BF:lan.b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Loa%20Hu%E1%BA%BF&algorithm=SHA1&digits=6&period=30");
}

TEST_CASE("a recovery code counts however it is typed, and nothing else does") {
  const auto codes = new_recovery_codes();
  REQUIRE(codes.size() == 10);
  const auto& code = codes.front();
  CHECK(code.size() == 29);
  std::string typed;
  for (const char c : code)
    if (c != '-') typed += static_cast<char>(std::toupper(c));
  CHECK(recovery_hash(code).size() == 64);
  CHECK(recovery_hash(typed) == recovery_hash(code));
  CHECK(recovery_hash(code + "a").empty());
  CHECK(recovery_hash(code.substr(1)).empty());
  CHECK(recovery_hash("").empty());
  CHECK(recovery_hash(std::string(24, 'o')).empty());
}

TEST_CASE("what is sealed opens with its key, for its owner, and whole only") {
  const tests::TempFolder folder;
  const auto file = folder / "key";
  std::string sealed;
  {
    const Sealing sealing(file);
    sealed = sealing.seal("secret", "u-1");
    CHECK(sealed != sealing.seal("secret", "u-1"));
    CHECK(sealed.find(protocol::to_hex("secret")) == std::string::npos);
  }
  CHECK(std::filesystem::file_size(file) == 32);
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms(0077)) == std::filesystem::perms::none);
  const Sealing again(file);
  CHECK(again.open(sealed, "u-1") == "secret");
  CHECK_FALSE(again.open(sealed, "u-2"));
  auto broken = sealed;
  broken.back() = broken.back() == '0' ? '1' : '0';
  for (const auto& bad : {broken, sealed.substr(2), std::string("xx"), std::string()}) CHECK_FALSE(again.open(bad, "u-1"));
  CHECK_FALSE(Sealing(folder / "other").open(sealed, "u-1"));
}

TEST_CASE("a key file that is none, or that others can read, is said") {
  const tests::TempFolder folder;
  const auto file = folder / "key";
  std::ofstream(file) << "short";
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  CHECK_THROWS_WITH(Sealing(file), Catch::Contains("key is not a key of 32 bytes"));
  std::ofstream(file) << std::string(32, 'k');
  std::filesystem::permissions(file, std::filesystem::perms(0640));
  CHECK_THROWS_WITH(Sealing(file), Catch::Contains("can be read by others"));
  CHECK_THROWS_WITH(Sealing(folder / "none" / "key"), Catch::Contains("cannot open"));
}

TEST_CASE("with a second factor the password alone opens nothing, and each code opens once") {
  TestApi api;
  auto client = api.client("author");
  const auto made = set_up(api, client);
  CHECK(client.get("/api/v1/second-factor").text("/enabled") == "true");
  auto other = api.anyone();
  const auto sign_in = [&](const std::string& code) { return other.post("/api/v1/session", sign_in_body("author", code)); };
  CHECK(sign_in("").code() == "second_factor_needed");
  CHECK(other.get("/api/v1/session").status == 401);
  CHECK(sign_in("000000").code() == "wrong_code");
  CHECK(sign_in(made.phone.code(api.clock.now())).code() == "code_used");  // it confirmed the second factor
  api.clock.tick(30s);
  const auto code = made.phone.code(api.clock.now());
  CHECK(sign_in(code).status == 200);
  CHECK(other.get("/api/v1/session").text("/second_factor/enabled") == "true");
  CHECK(sign_in(code).code() == "code_used");
  CHECK(sign_in(made.phone.code(api.clock.now() - 30s)).code() == "code_used");
  // Only with the right password is anything of it told.
  CHECK(other.post("/api/v1/session", R"({"name":"author","password":"wrong","code":"000000"})").code() == "sign_in_failed");
}

TEST_CASE("ten recovery codes count once each, and new ones take the place of the old") {
  TestApi api;
  auto client = api.client("author");
  const auto made = set_up(api, client);
  REQUIRE(made.recovery.size() == 10);
  auto other = api.anyone();
  CHECK(other.post("/api/v1/session", sign_in_body("author", made.recovery[0])).status == 200);
  CHECK(other.post("/api/v1/session", sign_in_body("author", made.recovery[0])).code() == "wrong_code");
  CHECK(other.get("/api/v1/second-factor").text("/recovery_codes_left") == "9");
  const auto renewed = other.post("/api/v1/second-factor/recovery-codes");
  REQUIRE(renewed.status == 201);
  CHECK(other.post("/api/v1/session", sign_in_body("author", made.recovery[1])).code() == "wrong_code");
  CHECK(other.post("/api/v1/session", sign_in_body("author", renewed.text("/recovery_codes/3"))).status == 200);
  CHECK(rows_of(api, "use_recovery_code") == 2);
}

TEST_CASE("guessing codes with the right password is slowed down, and told in the audit log") {
  TestApi api;
  auto client = api.client("author");
  const auto made = set_up(api, client);
  auto thief = api.anyone();
  for (int i = 0; i < 5; ++i) CHECK(thief.post("/api/v1/session", sign_in_body("author", "00000" + std::to_string(i))).code() == "wrong_code");
  CHECK(thief.post("/api/v1/session", sign_in_body("author", "000009")).code() == "too_many_attempts");
  api.clock.tick(30s);
  CHECK(thief.post("/api/v1/session", sign_in_body("author", made.phone.code(api.clock.now()))).status == 200);
  CHECK(rows_of(api, "second_factor_failed") == 5);

  SECTION("the owner's own phone goes on meanwhile") {
    for (int i = 0; i < 12; ++i) {
      api.clock.tick(5min);
      CHECK(api.anyone().post("/api/v1/session", sign_in_body("author", "000000")).code() == "wrong_code");
    }
    api.clock.tick(30s);
    const auto code = made.phone.code(api.clock.now());
    CHECK(api.anyone().post("/api/v1/session", sign_in_body("author", code)).code() == "too_many_attempts");
    CHECK(client.post("/api/v1/session", sign_in_body("author", code)).status == 200);
  }
}

TEST_CASE("a wrong password of somebody who is signed in is told in the audit log") {
  TestApi api;
  auto client = api.client("author");
  CHECK(client.post("/api/v1/session/proof", R"({"password":"wrong"})").code() == "wrong_password");
  CHECK(client.put("/api/v1/session/password", R"({"old_password":"wrong","new_password":"another long one"})").code() == "wrong_password");
  CHECK(rows_of(api, "proof_failed") == 2);
  const auto newest = api.write([](store::Transaction& t) { return store::list_audit(t.session(), {}, true, 1).at(0); });
  CHECK(newest.user == api.user_author);
  CHECK(newest.id == api.user_author);
  CHECK(newest.address == "127.0.0.1");
}

TEST_CASE("another phone takes the place of the first only when it has shown a code") {
  TestApi api;
  auto client = api.client("author");
  const auto first = set_up(api, client);
  Phone second;
  second.secret = client.post("/api/v1/second-factor").text("/secret");
  api.clock.tick(30s);
  CHECK(client.post("/api/v1/second-factor/confirm", code_body(first.phone.code(api.clock.now()))).code() == "wrong_code");
  auto other = api.anyone();
  CHECK(other.post("/api/v1/session", sign_in_body("author", first.phone.code(api.clock.now()))).status == 200);
  CHECK(client.post("/api/v1/second-factor/confirm", code_body(second.code(api.clock.now()))).status == 201);
  CHECK(other.get("/api/v1/session").status == 401);  // begun with the old one
  api.clock.tick(30s);
  CHECK(other.post("/api/v1/session", sign_in_body("author", first.phone.code(api.clock.now()))).code() == "wrong_code");
  CHECK(other.post("/api/v1/session", sign_in_body("author", second.code(api.clock.now()))).status == 200);

  CHECK(rows_of(api, "proof_failed") == 1);

  SECTION("a new one that is never confirmed lapses") {
    const auto third = other.post("/api/v1/second-factor").text("/secret");
    api.clock.tick(15min);
    CHECK(other.post("/api/v1/second-factor/confirm", code_body(Phone{third}.code(api.clock.now()))).code() == "nothing_pending");
  }
}

TEST_CASE("roles that need a second factor reach nothing before it is set up") {
  TestApi api({store::Role::approver, store::Role::admin});
  auto approver = api.client("approver");
  CHECK(approver.get("/api/v1/session").text("/second_factor") == R"({"enabled":false,"required":true})");
  int asked = 0;
  for (const auto& route : routes()) {
    if (route.right == Right::anyone || route.right == Right::signed_in) continue;
    INFO(route.path);
    const auto path = std::string(route.path.substr(0, route.path.find('{')));
    if (path != route.path || route.path == "/api/v1/events") continue;
    const bool reads = route.method == http::Method::get;
    CHECK(approver.send(name_of(route.method), path, reads ? "" : "{}", {"Content-Type: " + std::string(route.takes)}).code() ==
          "second_factor_required");
    ++asked;
  }
  CHECK(asked > 15);
  const auto made = set_up(api, approver);
  CHECK(approver.get("/api/v1/programmes").status == 200);
  CHECK(approver.del("/api/v1/second-factor").code() == "second_factor_kept");
  CHECK(api.client("author").get("/api/v1/programmes").status == 200);

  SECTION("an admin of the person's areas takes a lost phone's away, and no other admin does") {
    const auto id = approver.get("/api/v1/session").text("/user/id");
    auto stranger = api.client("stranger");
    set_up(api, stranger);
    CHECK(stranger.del("/api/v1/users/" + id + "/second-factor").status == 404);
    auto admin = api.client("admin");
    set_up(api, admin);
    CHECK(admin.get("/api/v1/users/" + id).text("/second_factor") == "true");
    CHECK(admin.del("/api/v1/users/" + id + "/second-factor").status == 204);
    CHECK(approver.get("/api/v1/session").status == 401);
    CHECK(admin.del("/api/v1/users/" + id + "/second-factor").status == 404);
    const auto me = admin.get("/api/v1/session").text("/user/id");
    CHECK(admin.del("/api/v1/users/" + me + "/second-factor").code() == "own_account");
    auto again = api.client("approver");
    CHECK(again.get("/api/v1/programmes").code() == "second_factor_required");
  }
}

TEST_CASE("what must not be done by a stranger at an open screen wants a new proof") {
  TestApi api;
  auto admin = api.client("admin");
  const auto path = "/api/v1/users/" + api.user_author;
  api.clock.tick(15min);
  CHECK(admin.post(path + "/invitation").status == 201);
  api.clock.tick(1min);
  int asked = 0;
  for (const auto& route : routes()) {
    if (!route.fresh) continue;
    auto asks = std::string(route.path);
    if (const auto at = asks.find("{id}"); at != std::string::npos) asks.replace(at, 4, api.user_author);
    INFO(name_of(route.method) << " " << asks);
    CHECK(admin.send(name_of(route.method), asks, "{}", {"Content-Type: application/json"}).code() == "verify_again");
    ++asked;
  }
  CHECK(asked >= 7);
  CHECK(admin.get("/api/v1/users").status == 200);
  CHECK(admin.post("/api/v1/session/proof", R"({"password":"wrong"})").code() == "wrong_password");
  CHECK(admin.post("/api/v1/session/proof", R"({"code":"123456"})").code() == "missing_field");
  CHECK(admin.post("/api/v1/session/proof", R"({"password":"a good long password"})").status == 204);
  const auto made = set_up(api, admin);
  api.clock.tick(16min);
  CHECK(admin.post(path + "/invitation").code() == "verify_again");
  CHECK(admin.post("/api/v1/session/proof", R"({"password":"a good long password"})").code() == "missing_field");
  CHECK(admin.post("/api/v1/session/proof", code_body(made.phone.code(api.clock.now()))).status == 204);
  CHECK(admin.post(path + "/invitation").status == 201);
}

TEST_CASE("secrets and recovery codes do not stand in the database") {
  TestApi api;
  auto client = api.client("author");
  const auto made = set_up(api, client);
  const auto factor = api.write([&](store::Transaction& t) { return store::find_second_factor(t.session(), api.user_author); });
  REQUIRE(factor);
  CHECK(factor->secret.size() == 2 * (24 + 16 + std::to_string(api.user_author.size()).size() + 1 + api.user_author.size() + 20));
  const Sealing sealing(api.folder / "second-factor.key");
  CHECK(typed_secret(*sealing.open(factor->secret, api.user_author)) == made.phone.secret);
}

TEST_CASE("a second factor that the key file does not open is said, and only then") {
  TestApi api;
  auto client = api.client("author");
  const auto made = set_up(api, client);
  api.write([&](store::Transaction& t) {
    const tests::TempFolder elsewhere;
    store::begin_second_factor(t, api.user_author, Sealing(elsewhere / "key").seal(new_secret(), api.user_author));
    store::confirm_second_factor(t, api.user_author, 0, {});
  });
  CHECK(api.anyone().post("/api/v1/session", sign_in_body("author", "123456")).code() == "second_factor_unreadable");
  CHECK(api.anyone().post("/api/v1/session", sign_in_body("author", made.recovery[0])).code() == "wrong_code");
}

}  // namespace loa::api
