#include <liboath/oath.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <ctime>
#include <fstream>
#include <regex>

#include "tests/support/http_client.hpp"
#include "tests/support/places.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using Catch::Contains;
namespace json = boost::json;

namespace {

using Words = std::vector<std::string>;

struct Office : Village {
  std::string server() const { return "https://localhost:" + std::to_string(https_port()); }
  std::string ca() const { return (folder() / "controller/authority/ca.pem").string(); }
  std::string done(const std::string& person, Words arguments) {
    const auto said = loa(person, std::move(arguments));
    INFO(said.out << said.err << last_words());
    REQUIRE(said.code == 0);
    return said.out.substr(0, said.out.find_last_not_of('\n') + 1);
  }
  void refused(const std::string& person, const Words& arguments, int code, const std::string& says) {
    const auto said = loa(person, arguments);
    INFO(said.out << said.err);
    CHECK(said.code == code);
    CHECK_THAT(said.err, Contains(says));
  }
  Words login(const std::string& name, Words more = {}) {
    Words words{"login", "--server", server(), "--ca", ca(), "--user", name, "--password-file", (folder() / "new-password").string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  HttpClient browser() { return HttpClient(server(), ca()); }
};

/// What stands behind `/#/invitation/` in what was printed.
std::string token_in(const std::string& said) {
  std::smatch found;
  REQUIRE(std::regex_search(said, found, std::regex("https://localhost:\\d+/#/invitation/([0-9a-f]{64})")));
  return found[1];
}

std::string code_of(const std::string& secret, std::time_t at) {
  std::string letters;
  for (const char c : secret)
    if (c != ' ') letters += c;
  char* bytes = nullptr;
  std::size_t length = 0;
  REQUIRE(oath_base32_decode(letters.data(), letters.size(), &bytes, &length) == OATH_OK);
  char out[7] = "";
  CHECK(oath_totp_generate(bytes, length, at, 30, 0, 6, out) == OATH_OK);
  std::free(bytes);
  return out;
}

}  // namespace

TEST_CASE_METHOD(Office, "people come, sign in with a second factor, are signed out, and leave, by command line") {
  std::ofstream(folder() / "new-password") << "con cò bay lả bay la\n";
  const auto token = token_in(done("admin", {"user", "add", "lan", "--display-name", "Lan", "--grant", "author@hue-19753"}));
  const auto answer = browser().post("/api/v1/invitations", json::serialize(json::object{{"token", token}, {"password", "con cò bay lả bay la"}}));
  REQUIRE(answer.status == 200);
  done("lan", login("lan"));

  const auto setup = json::parse(done("lan", {"--json", "second-factor", "setup"}));
  const std::string secret(setup.at("secret").as_string());
  const auto now = std::time(nullptr);
  refused("lan", {"second-factor", "confirm", "000000"}, 1, "wrong_code");
  CHECK_THAT(done("lan", {"second-factor", "confirm", code_of(secret, now)}), Contains("recovery codes"));
  CHECK_THAT(done("lan", {"second-factor", "status"}), Contains("10 recovery codes left"));
  refused("lan2", login("lan"), 2, "this user has a second factor: give --code CODE");
  refused("lan2", login("lan", {"--code", code_of(secret, now)}), 3, "code_used");
  done("lan2", login("lan", {"--code", code_of(secret, now + 30)}));

  CHECK(json::parse(done("lan", {"--json", "session", "list"})).as_array().size() == 2);
  CHECK(json::parse(done("admin", {"--json", "session", "list", "--user", "lan"})).as_array().size() == 2);
  refused("lan", {"session", "end"}, 2, "give the ID of one session, or --all");
  done("lan", {"session", "end", "--all"});
  refused("lan2", {"whoami"}, 3, "not_signed_in");
  done("admin", {"session", "end", "--all", "--user", "lan"});
  refused("lan", {"whoami"}, 3, "not_signed_in");
  refused("admin", {"session", "list", "--user", "nobody"}, 4, "there is no user `nobody`");

  done("admin", {"user", "remove-second-factor", "lan"});
  done("lan", login("lan"));
  done("admin", {"user", "deactivate", "lan"});
  refused("lan", {"whoami"}, 3, "not_signed_in");
  refused("lan", login("lan"), 3, "sign_in_failed");
  done("admin", {"user", "activate", "lan"});
  CHECK(token_in(done("admin", {"user", "reset", "lan"})) != token);
  done("admin", {"user", "withdraw", "lan"});
  done("admin", {"user", "set-grants", "lan", "--grant", "monitor@hue-19753"});
  done("lan", login("lan"));
  CHECK_THAT(done("lan", {"whoami"}), Contains("monitor@hue-19753"));
  done("lan", {"prove", "--password-file", (folder() / "new-password").string()});

  controller().stop();
  const auto link = run({(program_folder() / "loa-controller").string(), "reset-officer", "lan",
                         "--config", (folder() / "controller.toml").string(), "--second-factor", "--admin-of", "hue-19753"}, "reset");
  CHECK(token_in(link).size() == 64);
}

TEST_CASE_METHOD(Office, "a machine reads with its token, and the audit log tells of it and is verified, by command line") {
  const auto token = done("admin", {"token", "create", "portal", "--area", "hue-19753", "--scope", "read:records", "--days", "7"});
  CHECK(token.size() == 68);
  auto machine = browser();
  CHECK(machine.get("/api/v1/play-records", {"Authorization: Bearer " + token}).status == 200);
  CHECK(machine.get("/api/v1/nodes", {"Authorization: Bearer " + token}).status == 403);
  const auto list = json::parse(done("admin", {"--json", "token", "list"}));
  REQUIRE(list.as_array().size() == 1);
  done("admin", {"token", "revoke", std::string(list.at(0).at("id").as_string())});
  CHECK(machine.get("/api/v1/play-records", {"Authorization: Bearer " + token}).status == 401);
  
  CHECK_THAT(done("admin", {"audit", "list", "--subject", "api_token"}), Contains("revoke") && Contains("portal"));
  // More than one page of the list, so that the check must follow its cursor.
  for (int row = 0; row < 210; ++row) admin().put("/areas/hue-19753/settings", json::object{{"mute", row % 2 == 0}});
  const auto online = done("admin", {"audit", "verify"});
  CHECK_THAT(online, Contains("rows hang together; note this: "));
  CHECK(std::stoi(online) > 210);
  const auto head = online.substr(online.rfind(' ') + 1);
  const auto database = (folder() / "controller/loa.db").string();
  CHECK_THAT(done("admin", {"audit", "verify", "--database", database}), Contains("rows hang together"));
  CHECK_THAT(done("admin", {"audit", "verify", "--head", head}), Contains("hang together"));
  refused("admin", {"audit", "verify", "--head", "12"}, 2, "is not NUMBER:HASH");
  refused("monitor", {"audit", "verify"}, 3, "not signed in");
  CHECK_THAT(done("admin", {"audit", "verify", "--database", database, "--head", head}), Contains("hang together"));
}
