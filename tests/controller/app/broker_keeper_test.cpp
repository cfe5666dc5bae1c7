#include "controller/broker_keeper.hpp"

#include <boost/asio/co_spawn.hpp>
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <optional>

#include "controller/authority/files.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/hash.hpp"
#include "tests/controller/app/broker_side.hpp"
#include "tests/support/loop.hpp"

using namespace loa;
using namespace loa::controller;
using namespace std::chrono_literals;
using authority::CertificateAuthority;

namespace {

struct Keeper : BrokerSide {
  std::unique_ptr<BrokerKeeper> keeper;

  Keeper() {
    std::filesystem::create_directory(settings.live_folder);
    keeper = std::make_unique<BrokerKeeper>(store, authority, settings, folder / "broker");
    write([](store::Transaction& t) { store::add_node(t, store::Province::node("n-one", "PX-1", "hue")); });
  }
};

}  // namespace

TEST_CASE_METHOD(Keeper, "an ended serial that is none keeps no other off the broker's list, and is said") {
  const std::string good = authority.issue_client("n-one", clock.now()).serial;
  write([&](store::Transaction& t) {
    for (const auto& serial : {std::string("-17"), std::string(60, 'a'), good}) {
      store::NodeKeys keys;
      keys.node = "n-one";
      keys.serial = serial;
      keys.issued = clock.now();
      keys.not_after = clock.now() + store::kNodeKeysLife;
      store::offer_node_keys(t, keys);
    }
    store::end_node_keys(t, "n-one");
  });
  CHECK_NOTHROW(keeper->write_first());
  std::vector<std::string> revoked;
  for (const auto& one : authority.revoked()) revoked.push_back(one.serial);
  CHECK(std::count(revoked.begin(), revoked.end(), good) == 1);
  CHECK(std::filesystem::exists(folder / "broker/ready"));
  CHECK_THAT(keeper->trouble(), Catch::Contains("-17") && Catch::Contains("cannot be revoked"));
}

namespace {

struct Live : Keeper {
  /// loa-broker-reload's word on the set with this `ready`, or on the one that lies there.
  void reload_says(const std::string& what, std::string sha256 = {}) {
    if (sha256.empty()) sha256 = ready();
    authority::write_file(settings.live_folder / "status", sha256 + "\n" + what + "\n", 0644);
  }
  std::string ready() const { return protocol::sha256_hex_of_file(folder / "broker/ready"); }
  void change() {
    keeper->nodes_changed();
    const auto before = ready();
    REQUIRE(tests::run_until(loop, [&] { return ready() != before; }));
  }
  std::string went_live(std::chrono::milliseconds limit, const std::function<void()>& meanwhile = [] {}) {
    std::optional<std::string> why;
    boost::asio::co_spawn(loop, keeper->went_live(limit), [&](std::exception_ptr, std::string said) { why = std::move(said); });
    meanwhile();
    REQUIRE(tests::run_until(loop, [&] { return why.has_value(); }));
    return *why;
  }
};

}  // namespace

TEST_CASE_METHOD(Live, "files that nobody puts in place are trouble after two minutes, however often they are written") {
  keeper->write_first();
  const auto first = scheduler::to_rfc3339(clock.now());
  CHECK(keeper->trouble().empty());
  SECTION("where nobody ever did") {}
  SECTION("where the set before was installed") {
    reload_says("installed");
    CHECK(keeper->trouble().empty());
    clock.tick(10min);
    CHECK(keeper->trouble().empty());
    change();
  }
  SECTION("where the clock was set back meanwhile") {
    clock.tick(-1h);
    CHECK(keeper->trouble().empty());
  }
  CHECK(keeper->trouble().empty());
  clock.tick(90s);
  change();
  CHECK(keeper->trouble().empty());
  clock.tick(30s);
  CHECK_THAT(keeper->trouble(), Catch::Contains("loa-broker-reload has not put in place"));
  change();
  CHECK_THAT(keeper->trouble(), Catch::Contains("loa-broker-reload has not put in place"));
  reload_says("installed");
  CHECK(keeper->trouble().empty());
}

TEST_CASE_METHOD(Live, "what was refused is said at once, also of a set that is no longer the newest") {
  keeper->write_first();
  reload_says("acl: broken");
  CHECK(keeper->trouble() == "acl: broken");
  change();
  CHECK(keeper->trouble() == "acl: broken");
}

TEST_CASE_METHOD(Live, "who waits for the broker hears that it was told, or why it was not") {
  keeper->write_first();
  reload_says("installed");
  CHECK(went_live(5s).empty());
  SECTION("the word on the set before does not count") {
    keeper->nodes_changed();
    CHECK_THAT(went_live(300ms), Catch::Contains("within 0.3 s"));
    reload_says("installed");
    CHECK(went_live(5s).empty());
  }
  SECTION("a set that is refused") {
    change();
    reload_says("acl: broken");
    CHECK(went_live(100ms) == "acl: broken");
  }
  SECTION("an install while one waits") {
    change();
    CHECK(went_live(20s, [&] { reload_says("installed"); }).empty());
  }
}

TEST_CASE_METHOD(Keeper, "on hold no authority is dropped that the live files have: the key set that lists it may be newer than the backup") {
  const auto lost = CertificateAuthority::open_or_create(folder / "lost", clock.now());
  authority::write_broker_files(settings.live_folder, settings, lost, {"n-one"}, clock.now());
  const auto written = [&] { return authority::read_file(folder / "broker/ca.pem"); };
  keeper->write_first();
  CHECK(written() == authority.certificate_pem());
  store.write_sync(store::system_actor(), [&](store::Transaction& t) {
    store::begin_recovery_hold(t, "restored from a backup", clock.now());
    return true;
  });
  keeper->write_first();
  CHECK(written() == lost.certificate_pem() + authority.certificate_pem());
  CHECK(authority::crls_from_pem(authority::read_file(folder / "broker/crl.pem")).size() == 2);
  // Once it is no longer among the live files, the set that was written before still has it.
  authority::write_broker_files(settings.live_folder, settings, authority, {"n-one"}, clock.now());
  keeper->write_first();
  CHECK(written() == lost.certificate_pem() + authority.certificate_pem());
}
