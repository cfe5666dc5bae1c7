#pragma once
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <vector>

#include "controller/authority/broker_files.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// Keeps the broker's files true: writes them when a node came or went, and daily for the CRL's sake; loa-broker-reload takes
/// them from there. On the loop; store and authority outlive it.
class BrokerKeeper {
 public:
  BrokerKeeper(store::Store& store, const authority::CertificateAuthority& authority, authority::BrokerSettings settings,
               std::filesystem::path folder);
  /// Writes now, from the nodes that the store has; throws what the disk throws. Blocks; before the loop runs.
  void write_first();
  /// Begins the daily look.
  void start();
  /// Nodes came or went: write soon.
  void nodes_changed();
  /// Why the files could not be written or did not go live; empty where all is well.
  std::string trouble() const;

 private:
  boost::asio::awaitable<void> write();
  void write_files(const std::vector<std::string>& nodes);
  void look_daily();

  store::Store& store_;
  const authority::CertificateAuthority& authority_;
  authority::BrokerSettings settings_;
  std::filesystem::path folder_;
  boost::asio::steady_timer timer_;
  bool writing_ = false;
  bool again_ = false;
  std::string trouble_;
};

}  // namespace loa::controller
