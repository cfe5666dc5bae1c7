#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "protocol/link_address.hpp"
#include "protocol/link_backoff.hpp"
#include "protocol/link_connection.hpp"
#include "protocol/link_mosquitto.hpp"

namespace loa::protocol {

/// The link's own thread: asks for the terms, connects, serves the session, waits out the back-off, for ever.
/// Its public calls may come from any thread; they never wait for the network, except stop() and the destructor.
class LinkWorker {
 public:
  /// Called on the link's thread; each is expected to post to the owner's loop and return at once.
  struct Events {
    std::function<void(std::uint64_t request)> ask_terms;  ///< to be answered by answer_terms()
    std::function<void(LinkSession)> connected;
    std::function<void(std::uint64_t session, std::string reason)> disconnected;  ///< session 0: the attempt failed
    std::function<void(std::uint64_t session, LinkMessage)> message;              ///< to be followed by handled()
    std::function<void(std::uint64_t session, std::uint64_t publication)> acknowledged;
    std::function<void()> closed;                                                 ///< the last one after close()
  };
  /// Something to do in one session; dropped when that session is over.
  struct Command {
    enum class Kind { publish, subscribe, unsubscribe, renew };
    Kind kind = Kind::publish;
    std::uint64_t session = 0;
    std::uint64_t publication = 0;
    std::string topic;
    std::string payload;
    bool retained = false;
    std::vector<std::string> filters = {};  ///< of a subscribe: all that one packet asks for
  };

  LinkWorker(LinkSettings settings, std::vector<AddressRound::Target> targets, Events events);
  /// As stop().
  ~LinkWorker();

  void start();
  void answer_terms(std::uint64_t request, ConnectTerms terms);
  void command(Command command);
  /// Where to connect from the next attempt on; an empty list changes nothing.
  void set_addresses(std::vector<AddressRound::Target> targets);
  /// How soon a cut line is to be found, from now on.
  void watch(bool closely);
  /// One message fewer waits on the loop.
  void handled();
  /// Ends gracefully within `limit`, then calls Events::closed.
  void close(std::chrono::milliseconds limit);
  /// Drops the connection at once and joins the thread. A name that resolves slowly can hold it up.
  void stop();

 private:
  using Steady = std::chrono::steady_clock;

  void run();
  std::optional<ConnectTerms> ask();
  AddressRound::Target target();
  void go_on();
  std::string attempt(const ConnectTerms& terms, const AddressRound::Target& target);
  std::optional<std::string> connect(LinkConnection& connection, const ConnectTerms& terms, const AddressRound::Target& target, const std::string& ip,
                                     Steady::time_point reached_by, Steady::time_point connected_by);
  std::optional<std::string> serve(LinkConnection& connection);
  bool carry_out(LinkConnection& connection);
  void say_farewell(LinkConnection& connection);
  void hand_over(LinkMessage message);
  void wait_before_next_attempt();
  bool ending() const { return stopping_ || close_by_.has_value(); }  // under mutex_
  bool must_stop();
  std::optional<Steady::time_point> close_by();
  void wake();
  void drain_wake();

  const LinkSettings settings_;
  const Events events_;
  int wake_fd_ = -1;
  std::atomic<bool> closely_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Command> commands_;
  std::optional<ConnectTerms> terms_;
  AddressRound addresses_;
  std::uint64_t request_ = 0;
  std::size_t inbound_ = 0;
  bool stopping_ = false;
  std::optional<Steady::time_point> close_by_;

  // Of the thread alone:
  Backoff backoff_;
  std::mt19937_64 random_;
  std::uint64_t sessions_ = 0;
  std::uint64_t session_ = 0;
  bool refused_for_dates_ = false;  // the last attempt was

  std::thread thread_;
};

}  // namespace loa::protocol
