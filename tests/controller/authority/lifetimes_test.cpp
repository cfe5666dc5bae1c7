#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "controller/authority/broker_files.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "controller/authority/lifetimes.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::authority;
using namespace std::chrono_literals;

namespace {

const auto kNow = loa::scheduler::from_ms(1'795'500'000'000);

std::map<std::string, Lifetime> by_name(const LifetimePlaces& places) {
  std::map<std::string, Lifetime> all;
  for (const auto& one : read_lifetimes(places)) all.emplace(one.name, one);
  return all;
}

}  // namespace

TEST_CASE("the lifetimes of what the controller answers for are read from its files") {
  const loa::tests::TempFolder folder;
  const LifetimePlaces places{folder / "authority", folder / "tls", folder / "broker", folder / "live"};
  CHECK(read_lifetimes(places).empty());

  auto authority = CertificateAuthority::open_or_create(places.authority, kNow);
  keep_client_certificate(places.tls, kControllerIdentity, authority, kNow);
  BrokerSettings broker;
  broker.hosts = {"localhost"};
  broker.live_folder = places.live_broker;
  broker.data_folder = folder / "data";
  write_broker_files(places.broker, broker, authority, {}, kNow);
  auto read = by_name(places);
  CHECK(read.size() == 4);
  CHECK(read.at("authority").ends > kNow + 29 * 365 * 24h);
  CHECK(read.at("broker").ends > kNow + 4 * 365 * 24h);
  CHECK(read.at("controller").ends > kNow + 4 * 365 * 24h);
  CHECK(read.at("crl").ends > kNow + 29 * 24h);
  CHECK(read.at("crl").begins <= kNow);
  CHECK(read.at("crl").ends <= kNow + kCrlLife);
  // None of what was just made is a fault, and each would be long before it ends.
  for (const auto& [name, one] : read) {
    INFO(name);
    CHECK(one.ends > kNow + one.notice);
    CHECK(one.notice > 24h);
  }

  std::filesystem::create_directories(places.live_broker);
  std::filesystem::copy_file(places.broker / "crl.pem", places.live_broker / "crl.pem");
  keep_server_certificate(places.tls, "https", {"localhost"}, authority, kNow);
  read = by_name(places);
  CHECK(read.at("live_crl").ends == read.at("crl").ends);
  CHECK(read.contains("https"));

  std::ofstream(places.live_broker / "crl.pem") << "no CRL";
  CHECK_FALSE(by_name(places).contains("live_crl"));
}
