#include "controller/authority_keeper.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "controller/authority/broker_files.hpp"
#include "protocol/authorities.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::controller;
using namespace std::chrono_literals;

namespace {

struct Following {
  tests::TempFolder folder;
  tests::FakeClock clock;
  boost::asio::io_context loop;
  Settings settings = in(folder.path());
  Identity identity{settings, clock, {}};
  std::string first = identity.authority().certificate_pem();
  std::string next = authority::CertificateAuthority::make_next(settings.authority_folder(), clock.now());
  std::string before = authority::certificate_serial(identity.client_certificate().certificate_pem);
  std::vector<std::string> used;  ///< serials
  int failures = 0;
  AuthorityKeeper keeper{loop.get_executor(), identity, [this] { use(); }, 10ms};

  static Settings in(const std::filesystem::path& folder) {
    Settings settings;
    settings.state = folder;
    return settings;
  }
  void use() {
    if (failures-- > 0) throw std::runtime_error("the disk is full");
    used.push_back(authority::certificate_serial(identity.client_certificate().certificate_pem));
  }
  protocol::KeySet both(std::int64_t number) {
    protocol::KeySet set;
    set.number = number;
    set.authorities = {protocol::authority_text(next).value(), protocol::authority_text(first).value()};
    return set;
  }
};

}  // namespace

TEST_CASE_METHOD(Following, "another authority is followed once, and the certificate by the first is revoked") {
  keeper.follow(both(2));
  keeper.follow(both(3));
  REQUIRE(used.size() == 1);
  CHECK(used[0] != before);
  REQUIRE(identity.authority().revoked().size() == 1);
  CHECK(identity.authority().revoked()[0].serial == before);
  CHECK(keeper.trouble().empty());
}

TEST_CASE_METHOD(Following, "what could not be done is tried again until it was, and is trouble so long") {
  failures = 3;
  keeper.follow(both(2));
  CHECK(keeper.trouble() == "the disk is full");
  CHECK(used.empty());
  SECTION("also where the next key set says nothing new of it") {
    keeper.follow(both(3));
    CHECK(keeper.trouble() == "the disk is full");
  }
  CHECK(tests::run_until(loop, [&] { return !used.empty(); }));
  CHECK(keeper.trouble().empty());
  CHECK(used.size() == 1);
}

TEST_CASE_METHOD(Following, "a key set that lists no authority whose key is here is trouble until another does") {
  auto set = both(2);
  const auto other = authority::CertificateAuthority::open_or_create(folder / "other", clock.now());
  set.authorities = {protocol::authority_text(other.certificate_pem()).value()};
  keeper.follow(set);
  CHECK_FALSE(keeper.trouble().empty());
  keeper.follow(both(3));
  CHECK(keeper.trouble().empty());
  CHECK(used.size() == 1);
}

TEST_CASE_METHOD(Following, "a listed authority whose key is not here is trouble by its name, and no step is lost for it") {
  auto set = both(2);
  const auto other = authority::CertificateAuthority::open_or_create(folder / "other", clock.now());
  set.authorities->push_back(protocol::authority_text(other.certificate_pem()).value());
  keeper.follow(set);
  CHECK(used.size() == 1);
  CHECK_THAT(keeper.trouble(), Catch::Contains("whose key is not here (Loa CA ") && Catch::Contains("--authority"));
  keeper.follow(both(3));
  CHECK(keeper.trouble().empty());
}
