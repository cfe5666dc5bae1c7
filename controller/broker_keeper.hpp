#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/authority/broker_files.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// Keeps the broker's files true: writes them when a node or its keys came or went, and daily for the CRL's sake; loa-broker-reload
/// takes them from there. They are made from what the store has alone, so that a crash between a write there and here loses nothing. On the loop; store and authority outlive it.
class BrokerKeeper {
 public:
  BrokerKeeper(store::Store& store, authority::CertificateAuthority& authority, authority::BrokerSettings settings,
               std::filesystem::path folder);
  /// Writes now, from the nodes that the store has; throws what the disk throws. Blocks; before the loop runs.
  void write_first();
  /// Begins the daily look.
  void start();
  /// Nodes or their keys came or went: write soon.
  void nodes_changed();
  /// Why the files could not be written or did not go live; empty where all is well, or where they were written less than kPatience ago.
  std::string trouble() const;
  /// Waits until the broker was told of all that nodes_changed() was called for before, at most `limit`. Empty where it was, otherwise why it was not:
  /// then the broker still lets everyone do what they could.
  boost::asio::awaitable<std::string> went_live(std::chrono::milliseconds limit) const;

  /// loa-broker-reload needs seconds for a set, and looks each minute; who waits longer has none that runs.
  static constexpr std::chrono::minutes kPatience{2};

 private:
  boost::asio::awaitable<void> write();
  struct Wanted {
    std::vector<std::string> nodes;          ///< who have rights
    std::vector<std::string> ended_serials;  ///< of certificates that count no more
    bool on_hold = false;                    ///< what is live may know of authorities that the store and the key set do not
  };
  Wanted read(store::Session& session) const;
  void write_files(const Wanted& wanted);
  bool look_whether_live(const authority::BrokerStatus& status) const;
  void look_daily();

  store::Store& store_;
  authority::CertificateAuthority& authority_;
  authority::BrokerSettings settings_;
  std::filesystem::path folder_;
  boost::asio::steady_timer timer_;
  bool writing_ = false;
  bool again_ = false;
  std::uint64_t changes_ = 0;  ///< calls of nodes_changed()
  std::uint64_t written_ = 0;  ///< of those, how many the files tell of
  std::string ready_sha256_;   ///< of the `ready` that was written last
  mutable std::optional<scheduler::TimePoint> behind_since_;  ///< what is live is not what was written
  std::string trouble_;
  std::string misfits_;  ///< ended serials that are none
};

}  // namespace loa::controller
