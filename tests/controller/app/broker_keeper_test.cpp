#include "controller/broker_keeper.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "controller/authority/files.hpp"
#include "controller/store/node_keys.hpp"
#include "protocol/hash.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa;
using namespace loa::controller;
using namespace std::chrono_literals;
using authority::CertificateAuthority;

namespace {

struct Keeper {
  tests::TempFolder folder;
  tests::FakeClock clock;
  boost::asio::io_context loop;
  CertificateAuthority authority = CertificateAuthority::open_or_create(folder / "authority", clock.now());
  store::Store store{loop.get_executor(), tests::store_url(folder / "loa.db"), clock};
  authority::BrokerSettings settings;
  std::unique_ptr<BrokerKeeper> keeper;

  Keeper() {
    settings.hosts = {"localhost"};
    settings.live_folder = folder / "live";
    settings.data_folder = folder / "data";
    std::filesystem::create_directory(settings.live_folder);
    keeper = std::make_unique<BrokerKeeper>(store, authority, settings, folder / "broker");
    write([](store::Transaction& t) {
      store::add_area(t, store::Province::area("hue", "", "46"));
      store::add_node(t, store::Province::node("n-one", "PX-1", "hue"));
    });
  }
  template <class F>
  void write(F work) {
    store.write_sync(store::system_actor(), [&](store::Transaction& t) {
      work(t);
      return true;
    });
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
