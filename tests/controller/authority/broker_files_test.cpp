#include "controller/authority/broker_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <functional>
#include <tuple>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/broker_conf.hpp"
#include "controller/authority/files.hpp"
#include "controller/authority/live_broker_files.hpp"
#include "protocol/hash.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;

namespace {

const TimePoint kNow = *scheduler::parse_rfc3339("2026-11-24T06:00:00Z");

struct Fixture {
  tests::TempFolder folder;
  CertificateAuthority authority = CertificateAuthority::open_or_create(folder / "ca", kNow);
  std::filesystem::path source = folder / "broker";
  BrokerSettings settings;
  Fixture() {
    settings.hosts = {"localhost"};
    settings.live_folder = folder / "live";
    settings.data_folder = folder / "data";
    write_broker_files(source, settings, authority, {"n-1"}, kNow);
  }
  /// Makes `ready` fit what lies there, as a writer with a fault would.
  void list_again() {
    std::string ready;
    for (const char* name : kBrokerFiles)
      ready += protocol::sha256_hex_of_file(source / name) + "  " + name + "\n";
    write_file(source / kReadyFile, ready, 0644);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the client id is taken from the certificate on this listener") {
  const std::string conf = make_broker_conf(settings);
  CHECK(conf.find("use_username_as_clientid true") > conf.find("listener 8883 0.0.0.0"));
  for (const char* line : {"allow_anonymous false\n", "require_certificate true\n", "use_identity_as_username true\n",
                           "set_tcp_nodelay true\n", "persistence true\n", "max_packet_size "})
    CHECK_THAT(conf, Catch::Contains(line));
}

TEST_CASE_METHOD(Fixture, "a whole set is in order, and written again only the list is new") {
  CHECK(check_broker_files(source, kNow) == std::nullopt);
  const std::string server = read_file(source / "server.pem");
  write_broker_files(source, settings, authority, {"n-1", "n-2"}, kNow + std::chrono::hours(1));
  CHECK(read_file(source / "server.pem") == server);
  CHECK(check_broker_files(source, kNow + std::chrono::hours(1)) == std::nullopt);
}

TEST_CASE_METHOD(Fixture, "a set for twenty thousand nodes is in order, and read back whole") {
  std::vector<std::string> nodes, serials;
  for (int i = 0; i < 20'000; ++i) {
    nodes.push_back(fmt::format("n-{:026}", i));
    serials.push_back(fmt::format("{:040x}", (1 << 20) + i));
  }
  authority.revoke(serials, kNow);
  settings.formats = {1, 2};
  write_broker_files(source, settings, authority, nodes, kNow);
  CHECK(std::filesystem::file_size(source / "acl") > 12'000'000);
  CHECK(check_broker_files(source, kNow) == std::nullopt);
  const auto access = read_broker_access(source, authority);
  REQUIRE(access);
  CHECK(access->nodes.size() == nodes.size());
  CHECK(access->revoked.size() == serials.size());
}

TEST_CASE_METHOD(Fixture, "a CRL is made anew when half its life is over") {
  CHECK_FALSE(crl_needs_refresh(source, kNow));
  CHECK_FALSE(crl_needs_refresh(source, kNow + kCrlLife / 2 - std::chrono::minutes(1)));
  CHECK(crl_needs_refresh(source, kNow + kCrlLife / 2 + std::chrono::minutes(1)));
  write_file(source / "crl.pem", "text", 0644);
  CHECK(crl_needs_refresh(source, kNow));
  std::filesystem::remove(source / "crl.pem");
  CHECK(crl_needs_refresh(source, kNow));
}

TEST_CASE_METHOD(Fixture, "what is wrong with a set is said by file") {
  struct Row {
    const char* name;
    void (*spoil)(Fixture&);
    bool listed;  ///< `ready` is made to fit
    TimePoint now;
    const char* says;
  };
  const auto late = kNow + kCrlLife;
  const Row rows[] = {
      {"no ready", [](Fixture& f) { std::filesystem::remove(f.source / "ready"); }, false, kNow, "ready: missing"},
      {"half written", [](Fixture& f) { write_file(f.source / "acl", "user controller\n", 0644); }, false, kNow,
       "acl: is not the file that ready lists"},
      {"a file gone", [](Fixture& f) { std::filesystem::remove(f.source / "crl.pem"); }, false, kNow, "crl.pem: missing"},
      {"a short ready", [](Fixture& f) { write_file(f.source / "ready", "00  acl\n", 0644); }, false, kNow,
       "ready: does not list mosquitto.conf"},
      {"no CRL in it", [](Fixture& f) { write_file(f.source / "crl.pem", "text", 0644); }, true, kNow,
       "crl.pem: not a CRL"},
      {"an expired CRL", [](Fixture&) {}, false, late, "crl.pem: expired"},
      {"a foreign CRL",
       [](Fixture& f) {
         const auto other = CertificateAuthority::open_or_create(f.folder / "other", kNow);
         write_file(f.source / "crl.pem", other.make_crl(kNow), 0644);
       },
       true, kNow, "crl.pem: not signed by the CA"},
      {"a foreign server",
       [](Fixture& f) {
         const auto other = CertificateAuthority::open_or_create(f.folder / "other", kNow);
         const auto server = other.issue_server("server", {"localhost"}, kNow);
         write_file(f.source / "server.pem", server.certificate_pem, 0644);
         write_file(f.source / "server.key", server.key_pem, 0600);
       },
       true, kNow, "server.pem: not signed by the CA"},
      {"another key",
       [](Fixture& f) {
         write_file(f.source / "server.key", f.authority.issue_client("n-1", kNow).key_pem, 0600);
       },
       true, kNow, "server.key: not the key of server.pem"},
      {"an empty ACL", [](Fixture& f) { write_file(f.source / "acl", "", 0644); }, true, kNow,
       "acl: the controller has no rights"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    write_broker_files(source, settings, authority, {"n-1"}, kNow);
    std::filesystem::remove_all(folder / "other");
    row.spoil(*this);
    if (row.listed) list_again();
    const auto wrong = check_broker_files(source, row.now);
    REQUIRE(wrong.has_value());
    CHECK_THAT(*wrong, Catch::StartsWith(row.says));
    std::filesystem::remove_all(source);
  }
}

TEST_CASE_METHOD(Fixture, "a configuration is what the controller writes, to the letter, or it is refused") {
  settings.user = "mosquitto";
  const BrokerConfBounds bounds{settings.live_folder, settings.data_folder, "mosquitto"};
  const std::string good = make_broker_conf(settings);
  CHECK(check_broker_conf(good, bounds) == std::nullopt);
  const auto with = [&](const std::string& line, const std::string& other) {
    auto conf = good;
    const auto at = conf.find(line);
    REQUIRE(at != std::string::npos);
    return conf.replace(at, line.size(), other);
  };
  const auto data = settings.data_folder.string(), live = settings.live_folder.string();
  SECTION("what a place chooses for itself") {
    BrokerSettings other = settings;
    other.port = 1883;
    other.bind_address = "fd00::1";
    other.max_packet_bytes = 5000;
    other.user.clear();
    other.live_folder += "/";
    CHECK(check_broker_conf(make_broker_conf(other), bounds) == std::nullopt);
  }
  const std::tuple<const char*, std::string, const char*> rows[] = {
      {"a plugin", good + "plugin /tmp/x.so\n", "mosquitto.conf:28: `plugin /tmp/x.so`"},
      {"a plugin before the user", "plugin /tmp/x.so\n" + good, "mosquitto.conf:1: `plugin /tmp/x.so`"},
      {"an old plugin in place of a line", with("sys_interval 0", "auth_plugin /tmp/x.so"), "`auth_plugin /tmp/x.so`"},
      {"root", with("user mosquitto", "user root"), "mosquitto.conf:2: `user root`"},
      {"a second user", with("persistence true", "user root\npersistence true"), "`user root`"},
      {"a log into another's file", with("log_dest stderr", "log_dest file /etc/passwd"), "`log_dest file /etc/passwd`"},
      {"a pid file elsewhere", with("pid_file " + data + "/mosquitto.pid", "pid_file /etc/passwd"), "`pid_file /etc/passwd`"},
      {"a pid file above", with("pid_file " + data + "/mosquitto.pid", "pid_file " + data + "/../x"), "/../x`"},
      {"what it keeps elsewhere", with("persistence_location " + data + "/", "persistence_location /etc/"), "`persistence_location /etc/`"},
      {"an ACL elsewhere", with("acl_file " + live + "/acl", "acl_file /etc/shadow"), "`acl_file /etc/shadow`"},
      {"a socket for a port", with("listener 8883 0.0.0.0", "listener 0 /run/x"), "`listener 0 /run/x`"},
      {"a second listener", good + "listener 1883\n", "`listener 1883`"},
      {"anyone let in", with("allow_anonymous false", "allow_anonymous true"), "`allow_anonymous true`"},
      {"spaces that are none", with("sys_interval 0", "sys_interval  0"), "`sys_interval  0`"},
      {"a line ended otherwise", with("sys_interval 0\n", "sys_interval 0\r\n"), "`sys_interval 0?`"},
      {"cut short", good.substr(0, good.size() - 1), "does not end as"},
      {"empty", "", "mosquitto.conf:1: ``"},
  };
  for (const auto& [name, conf, says] : rows) {
    CAPTURE(name);
    const auto wrong = check_broker_conf(conf, bounds);
    REQUIRE(wrong.has_value());
    CHECK_THAT(*wrong, Catch::StartsWith("mosquitto.conf:") && Catch::Contains(says));
  }
}

TEST_CASE_METHOD(Fixture, "a set is read over no link, and waits for no pipe") {
  const auto replace = [&](const std::filesystem::path& file, const std::function<void()>& by) {
    std::filesystem::remove_all(file);
    by();
  };
  SECTION("a link in place of a file") {
    write_file(folder / "secret", "secret", 0600);
    replace(source / "acl", [&] { std::filesystem::create_symlink(folder / "secret", source / "acl"); });
    CHECK_THAT(check_broker_files(source, kNow).value_or(""), Catch::Contains("acl"));
    CHECK_THROWS_AS(read_broker_set(source), std::system_error);
  }
  SECTION("a pipe in place of a file") {
    replace(source / "acl", [&] { REQUIRE(::mkfifo((source / "acl").c_str(), 0600) == 0); });
    CHECK_THAT(check_broker_files(source, kNow).value_or(""), Catch::Contains("acl: not a plain file"));
  }
  SECTION("a folder in place of a file") {
    replace(source / "acl", [&] { std::filesystem::create_directory(source / "acl"); });
    CHECK_THAT(check_broker_files(source, kNow).value_or(""), Catch::Contains("acl: not a plain file"));
  }
  SECTION("a link in place of the folder") {
    std::filesystem::rename(source, folder / "elsewhere");
    std::filesystem::create_directory_symlink(folder / "elsewhere", source);
    CHECK_THROWS_AS(read_broker_set(source), std::system_error);
    CHECK_THROWS_AS(read_broker_set(source / ""), std::system_error);
  }
}
