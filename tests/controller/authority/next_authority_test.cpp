#include <catch2/catch.hpp>
#include <thread>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/broker_files.hpp"
#include "controller/authority/broker_reload.hpp"
#include "controller/authority/files.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "protocol/authorities.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;
using namespace std::chrono_literals;
using Catch::Contains;
using tests::LinkOwner;

namespace {

TimePoint now() { return protocol::SystemClock().now(); }
std::string text_of(const std::string& pem) { return protocol::authority_text(pem).value(); }
bool made_by(const std::string& pem, const std::string& issuer_pem) {
  const auto certificate = certificate_from_pem(pem);
  const auto issuer = certificate_from_pem(issuer_pem);
  return X509_verify(certificate.get(), X509_get0_pubkey(issuer.get())) == 1;
}

struct Fixture {
  tests::TempFolder folder;
  std::filesystem::path place = folder / "authority";
  CertificateAuthority authority = CertificateAuthority::open_or_create(place, now());
  std::string first = authority.certificate_pem();
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an authority that is made to follow changes nothing until a key set lists it") {
  const auto next = CertificateAuthority::make_next(place, now());
  CHECK(next != first);
  CHECK(CertificateAuthority::make_next(place, now()) == next);  // asked for once more it is the same
  CHECK_FALSE(authority.follow(std::nullopt));
  CHECK_FALSE(authority.follow({{text_of(first)}}));
  CHECK(authority.certificate_pem() == first);
  CHECK(made_by(authority.issue_client("n-1", now()).certificate_pem, first));
}

TEST_CASE_METHOD(Fixture, "listed beside the first it makes the clients' certificates, listed alone it takes the first one's place") {
  const auto next = CertificateAuthority::make_next(place, now());
  CHECK(authority.follow({{text_of(next), text_of(first)}}));
  CHECK_FALSE(authority.follow({{text_of(next), text_of(first)}}));
  CHECK(authority.certificate_pem() == next + first);
  CHECK(made_by(authority.issue_client("n-1", now()).certificate_pem, next));
  CHECK(made_by(authority.issue_server("broker", {"localhost"}, now()).certificate_pem, first));
  SECTION("found again so by the next start") {
    auto again = CertificateAuthority::open_or_create(place, now());
    CHECK(again.certificate_pem() == first);
    CHECK(again.follow({{text_of(next), text_of(first)}}));
    CHECK(again.client_issuer_pem() == next);
  }
  SECTION("the first is forgotten") {
    CHECK(authority.follow({{text_of(next)}}));
    CHECK(authority.certificate_pem() == next);
    CHECK(made_by(authority.issue_server("broker", {"localhost"}, now()).certificate_pem, next));
    CHECK_FALSE(std::filesystem::exists(place / "next"));
    CHECK(CertificateAuthority::open_or_create(place, now()).certificate_pem() == next);
  }
  SECTION("also where the program died between the two renames") {
    std::filesystem::rename(place / "next/ca.key", place / "ca.key");
    auto again = CertificateAuthority::open_or_create(place, now());
    CHECK(again.certificate_pem() == next);
    CHECK_FALSE(again.follow({{text_of(next)}}));
  }
}

TEST_CASE_METHOD(Fixture, "a key set that lists only authorities of others is refused") {
  const auto other = CertificateAuthority::open_or_create(folder / "other", now());
  CHECK_THROWS_WITH(authority.follow({{text_of(other.certificate_pem())}}), Contains("only authorities whose keys are not here"));
  CHECK(authority.certificate_pem() == first);
}

TEST_CASE_METHOD(Fixture, "the controller's own certificate is made anew by the next authority, the servers' when the first has ended") {
  const auto keep_client = [&] { return keep_client_certificate(folder / "tls", "controller", authority, now()); };
  const auto keep_server = [&] { return keep_server_certificate(folder / "tls", "https", {"localhost"}, authority, now()); };
  const auto client = keep_client().certificate_pem;
  const auto server = keep_server().certificate_pem;
  const auto next = CertificateAuthority::make_next(place, now());
  authority.follow({{text_of(next), text_of(first)}});
  const auto followed = keep_client();
  CHECK(followed.certificate_pem != client);
  REQUIRE(authority.revoked().size() == 1);
  CHECK(authority.revoked()[0].serial == certificate_serial(client));
  CHECK(made_by(followed.certificate_pem, next));
  CHECK(keep_client().certificate_pem == followed.certificate_pem);
  CHECK(authority.revoked().size() == 1);
  CHECK(keep_server().certificate_pem == server);
  authority.follow({{text_of(next)}});
  CHECK(made_by(keep_server().certificate_pem, next));
}

TEST_CASE("the broker takes clients of both authorities after it was told to start anew, and of the next alone after the end") {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker(folder.path(), {"n-1", "n-2"});
  broker.start();
  ReloadSettings settings;
  settings.source = broker.source();
  settings.live = broker.live();
  settings.pid_file = broker.pid_file();
  REQUIRE(reload_broker(settings, now()).end != ReloadEnd::refused);
  const auto old_node = broker.link_settings("n-1");
  auto& authority = broker.authority();
  const auto first = authority.certificate_pem();
  const auto next = CertificateAuthority::make_next(folder / "ca", now());
  const auto can_connect = [&](const protocol::LinkSettings& link) {
    LinkOwner node(loop, link);
    node.start();
    node.until([&] { return !node.sessions.empty() || node.reasons.size() >= 2; });
    return !node.sessions.empty();
  };
  const auto go_live = [&] {
    broker.set_nodes({"n-1", "n-2"}, false);
    REQUIRE(check_broker_files(broker.source(), now()) == std::nullopt);
    const auto outcome = reload_broker(settings, now());
    CHECK_THAT(outcome.message, Contains("told to end"));
    for (int look = 0; broker.running() && look < 1000; ++look) std::this_thread::sleep_for(10ms);
    REQUIRE_FALSE(broker.running());
    broker.start();  // as its supervisor does
  };
  authority.follow({{text_of(next), text_of(first)}});
  go_live();
  const auto new_node = broker.link_settings("n-2");
  CHECK(can_connect(old_node));
  CHECK(can_connect(new_node));
  std::string serial;
  const auto revoked = broker.link_settings("n-2", &serial);
  authority.revoke(serial, now());
  broker.set_nodes({"n-1", "n-2"}, false);
  REQUIRE(check_broker_files(broker.source(), now()) == std::nullopt);
  reload_broker(settings, now());
  broker.reload();
  CHECK_FALSE(can_connect(revoked));
  CHECK(can_connect(new_node));
  authority.follow({{text_of(next)}});
  go_live();
  CHECK_FALSE(can_connect(old_node));
  auto node_of_both = new_node;
  node_of_both.ca_pem = next;
  CHECK(can_connect(node_of_both));
}

TEST_CASE("a controller that came back without the next authority's key lets its boards in as before, and its revoked ones not") {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker(folder.path(), {"n-1", "n-2"});
  auto& lost = broker.authority();
  const auto first = lost.certificate_pem();
  std::filesystem::copy(folder / "ca", folder / "backup");
  const auto next = CertificateAuthority::make_next(folder / "ca", now());
  const std::vector<std::string> listed{text_of(next), text_of(first)};
  lost.follow({listed});
  std::string serial;
  const auto board = broker.link_settings("n-1");
  const auto revoked = broker.link_settings("n-2", &serial);
  lost.revoke(serial, now());
  broker.set_nodes({"n-1", "n-2"}, false);
  ReloadSettings settings;
  settings.source = broker.source();
  settings.live = broker.live();
  settings.pid_file = broker.pid_file();
  REQUIRE(reload_broker(settings, now()).end == ReloadEnd::not_running);
  broker.start();
  const auto can_connect = [&](const protocol::LinkSettings& link) {
    LinkOwner node(loop, link);
    node.start();
    node.until([&] { return !node.sessions.empty() || node.reasons.size() >= 2; });
    return !node.sessions.empty();
  };
  REQUIRE(can_connect(board));
  REQUIRE_FALSE(can_connect(revoked));

  auto restored = CertificateAuthority::open_or_create(folder / "backup", now());
  bool all = false;
  SECTION("whose key set lists both") {
    CHECK(restored.follow({listed}));
    CHECK_FALSE(restored.follow({listed}));
    CHECK(restored.foreign() == std::vector<std::string>{next});
    CHECK(restored.client_issuer_pem() == first);
    const auto shown = restored.read_client(board.certificate_pem, "n-1");
    CHECK(shown.serial == certificate_serial(board.certificate_pem));
  }
  SECTION("whose key set is as old") {
    CHECK_FALSE(restored.follow(std::nullopt));
    CHECK(find_foreign(restored, {broker.live(), broker.source()}, false, now()).empty());
    all = true;
  }
  const auto foreign = find_foreign(restored, {folder / "none", broker.live(), broker.source()}, all, now());
  REQUIRE(foreign.size() == 1);
  CHECK(foreign[0].certificate_pem == next);
  write_broker_files(broker.source(), broker.settings(), restored, {"n-1", "n-2"}, now(), foreign);
  CHECK(read_file(broker.source() / "ca.pem") == next + first);
  CHECK(check_broker_files(broker.source(), now()) == std::nullopt);
  const auto outcome = reload_broker(settings, now());
  CAPTURE(outcome.message);
  CHECK(outcome.end == ReloadEnd::installed);
  CHECK_THAT(outcome.message, Contains("to read its files again"));  // the authorities are those that it knows
  broker.reload();
  CHECK(can_connect(board));
  CHECK_FALSE(can_connect(revoked));

  // What that authority signed last ends once; what is then left alone must not keep the rest from going live.
  CHECK(find_foreign(restored, {broker.live()}, all, now() + kCrlLife - 25h).empty());
}
