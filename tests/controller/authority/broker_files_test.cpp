#include "controller/authority/broker_files.hpp"

#include <catch2/catch.hpp>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/files.hpp"
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
