#include "controller/settings.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "config/toml_reader.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

using loa::controller::read_settings;

namespace {

/// A settings file in a folder of its own.
struct File {
  explicit File(const std::string& text) { std::ofstream(path()) << text; }
  std::filesystem::path path() const { return folder / "controller.toml"; }
  loa::tests::TempFolder folder;
};

constexpr const char* kNodes = "[nodes]\nbrokers = [\"mqtts://b:8883\"]\nfiles = [\"https://f:8443\"]\n";

std::string refusal_of(const std::string& text) {
  const File file(text);
  try {
    read_settings(file.path());
  } catch (const loa::config::ConfigError& error) {
    return std::string(error.what()).substr(file.folder.path().string().size() + 1);
  }
  return "";
}

}  // namespace

TEST_CASE("the shipped controller.toml is read whole and shows the defaults") {
  const auto shipped = read_settings(loa::tests::source_folder() / "config/controller.toml");
  const File minimal(kNodes);
  const auto defaults = read_settings(minimal.path());
  CHECK(shipped.state == defaults.state);
  CHECK(shipped.web_root == defaults.web_root);
  CHECK(shipped.stock == defaults.stock);
  CHECK(shipped.log_level == defaults.log_level);
  CHECK(shipped.hosts == defaults.hosts);
  CHECK(shipped.http.address == defaults.http.address);
  CHECK(shipped.http.port == defaults.http.port);
  CHECK(shipped.tls == defaults.tls);
  CHECK(shipped.metrics.address == defaults.metrics.address);
  CHECK(shipped.metrics.port == defaults.metrics.port);
  CHECK(shipped.metrics_token == defaults.metrics_token);
  CHECK(shipped.http.limits.connections == defaults.http.limits.connections);
  CHECK(shipped.http.limits.connections_an_address == defaults.http.limits.connections_an_address);
  CHECK(shipped.http.limits.slowest == defaults.http.limits.slowest);
  CHECK(shipped.sign_in.session == defaults.sign_in.session);
  CHECK(shipped.sign_in.second_factor_for == defaults.sign_in.second_factor_for);
  CHECK(shipped.sign_in.second_factor_for == std::vector<std::string>{"approver", "admin"});
  CHECK_FALSE(shipped.sign_in.passwords_by_admin);
  CHECK(shipped.sign_in.idle == defaults.sign_in.idle);
  CHECK(shipped.broker.bind_address == defaults.broker.bind_address);
  CHECK(shipped.broker.port == defaults.broker.port);
  CHECK(shipped.broker.live_folder == defaults.broker.live_folder);
  CHECK(shipped.broker.data_folder == defaults.broker.data_folder);
  CHECK(shipped.broker.user == defaults.broker.user);
  CHECK(shipped.database_url() == "sqlite:///var/lib/loa/controller/loa.db");
}

TEST_CASE("a setting that cannot work stops the controller with file and line") {
  struct Row {
    const char* name;
    std::string text;
    const char* message;
  };
  const auto row = GENERATE(values<Row>({
      {"misspelt key", std::string("stat = \"/x\"\n") + kNodes, "controller.toml:1:1: unknown key `stat`"},
      {"misspelt key in a table", std::string(kNodes) + "[http]\nadress = \"::1\"\n", "controller.toml:5:1: unknown key `http.adress`"},
      {"no addresses for nodes", "", "controller.toml:1:1: `brokers` is missing: one to three addresses that nodes use"},
      {"a broker without TLS", "[nodes]\nbrokers = [\"mqtt://b:1883\"]\nfiles = [\"https://f\"]\n",
       "controller.toml:2:11: `brokers` must begin with mqtts://, not \"mqtt://b:1883\""},
      {"files without TLS", "[nodes]\nbrokers = [\"mqtts://b:8883\"]\nfiles = [\"http://f\"]\n",
       "controller.toml:3:9: `files` must begin with https://, not \"http://f\""},
      {"a port that is none", std::string(kNodes) + "[broker]\nport = 0\n", "controller.toml:5:8: `broker.port` must be from 1 to 65535, not 0"},
      {"figures for the whole network", std::string(kNodes) + "[metrics]\naddress = \"0.0.0.0\"\nport = 9464\n",
       "controller.toml:5:11: figures leave this machine only for who has a token: set `token_file`, or listen on loopback"},
      {"figures for the whole network in the clear",
       std::string(kNodes) + "[http]\ntls = false\n[metrics]\naddress = \"::\"\nport = 9464\ntoken_file = \"token\"\n",
       "controller.toml:7:11: figures leave this machine over TLS only: set `http.tls`, or listen on loopback"},
      {"figures at a name", std::string(kNodes) + "[metrics]\naddress = \"localhost\"\n",
       "controller.toml:5:11: `address` must be an IP address, not \"localhost\""},
      {"no connections an address", std::string(kNodes) + "[http]\nconnections_an_address = 0\n",
       "controller.toml:5:26: `http.connections_an_address` must be from 1 to 10000, not 0"},
      {"an unknown log level", std::string("log_level = \"loud\"\n") + kNodes, "controller.toml:1:13: `log_level` must be debug, info, warn or error"},
  }));
  CAPTURE(row.name);
  CHECK_THAT(refusal_of(row.text), Catch::Matchers::StartsWith(row.message));
}
