#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "controller/identity.hpp"

namespace loa::controller {

/// Sees that what follows from another key set's list of authorities is done, all of it: where a step throws (a full disk), it is trouble and is
/// tried again until it was done, whatever key sets come meanwhile. On the loop; identity outlives it.
class AuthorityKeeper {
 public:
  /// `use` takes the controller's certificates into use, those of the servers too, and has the broker told; it may be called again.
  AuthorityKeeper(boost::asio::any_io_executor loop, Identity& identity, std::function<void()> use,
                  std::chrono::milliseconds retry = std::chrono::seconds(5));

  void follow(const protocol::KeySet& keys);
  void stop() { timer_.cancel(); }
  /// Why it is not done, or which listed authority's key is not here; empty where all is well.
  std::string trouble() const;

 private:
  void try_now();

  Identity& identity_;
  std::function<void()> use_;
  std::chrono::milliseconds retry_;
  protocol::KeySet keys_;
  bool due_ = false;  ///< use_ is still to be called
  std::string trouble_;
  boost::asio::steady_timer timer_;
};

}  // namespace loa::controller
