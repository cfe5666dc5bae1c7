#pragma once
#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "controller/authority/broker_files.hpp"
#include "controller/store/store.hpp"
#include "tests/controller/store/fixture.hpp"

namespace loa::controller {

/// What of a controller the broker's files are made from: an authority, a store with the area hue, and where the files lie.
struct BrokerSide {
  tests::TempFolder folder;
  tests::FakeClock clock;
  boost::asio::io_context loop;
  authority::CertificateAuthority authority = authority::CertificateAuthority::open_or_create(folder / "authority", clock.now());
  store::Store store{loop.get_executor(), tests::store_url(folder / "loa.db"), clock};
  authority::BrokerSettings settings;

  BrokerSide() {
    settings.hosts = {"localhost"};
    settings.live_folder = folder / "live";
    settings.data_folder = folder / "data";
    write([](store::Transaction& t) { store::add_area(t, store::Province::area("hue", "", "46")); });
  }
  template <class F>
  void write(F work) {
    store.write_sync(store::system_actor(), [&](store::Transaction& t) {
      work(t);
      return true;
    });
  }
};

}  // namespace loa::controller
