#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "controller/api/attempts.hpp"
#include "controller/api/call.hpp"
#include "controller/api/events.hpp"
#include "controller/api/hooks.hpp"
#include "controller/api/passwords.hpp"
#include "controller/api/sealing.hpp"
#include "controller/api/speeches.hpp"
#include "controller/api/worker.hpp"
#include "controller/http/server.hpp"
#include "controller/store/store.hpp"

namespace loa::api {

/// How often what a job made is offered to a store that does not take it: the pauses double up to a minute. After `tries` it is given up,
/// and that it failed is offered on and on.
struct KeepResults {
  std::chrono::milliseconds pause{250};
  int tries = 15;  ///< six minutes and a half
};

/// What the config says about the api.
struct Settings {
  std::filesystem::path web_root;  ///< the built page; empty: none is served
  std::chrono::hours session_time{12};   ///< from sign-in to the end, whatever happens
  std::chrono::minutes idle_time{30};    ///< without a request of a person
  std::vector<store::Role> second_factor_for;  ///< roles that need a second factor
  bool passwords_by_admin = true;              ///< whether an admin may set another person's password, instead of handing over a link
  std::string name = "Loa";                    ///< of this controller, as authenticator apps show it
  std::filesystem::path second_factor_key;     ///< file of the key that seals second factors; made where it is missing
  std::uint64_t upload_bytes = 200ULL << 20;
  PasswordCost password_cost;
  KeepResults keep_results;
  std::chrono::milliseconds speech_patience{10'000};  ///< how long a confirmed alert waits for its own words; then it goes with its stock clip alone
};

/// Whether one of the user's roles is among those that need a second factor.
bool needs_second_factor(const store::User& user, const Settings& settings);

/// The controller's HTTP API (see openapi.yaml), the clips and the page, as a handler of http::Server. Made, used and destroyed on
/// the loop; the store outlives it. It reads the area tree from the store when made, and throws what the store throws.
class Api final : public http::Handler {
 public:
  Api(store::Store& store, Settings settings, Hooks hooks);

  boost::asio::awaitable<http::BodyPlan> plan_body(const http::Request& head) override;
  boost::asio::awaitable<http::Response> handle(http::Request request) override;

  /// Tells the readers of event streams; for the rooms that learn of changes first.
  void publish(const Event& event);
  /// Ends all event streams and waits, before the server stops.
  void close_streams();

  // For handlers:
  store::Store& store() { return x_store; }
  const Settings& settings() const { return x_settings; }
  const Hooks& hooks() const { return x_hooks; }
  Worker& worker() { return x_worker; }
  Attempts& attempts() { return x_attempts; }
  const Sealing& sealing() const { return x_sealing; }
  EventHub& events() { return x_events; }
  Speeches& speeches() { return x_speeches; }
  /// Waits so long. False: the api ends; touch it no more.
  boost::asio::awaitable<bool> wait(std::chrono::milliseconds time);
  /// Does what a write left to be done.
  void apply(Effects effects);

 private:
  struct Waits;
  boost::asio::awaitable<http::Response> dispatch(http::Request request);
  boost::asio::awaitable<void> read_areas();

  store::Store& x_store;
  Settings x_settings;
  Hooks x_hooks;
  Worker x_worker;
  Attempts x_attempts;
  Sealing x_sealing;
  EventHub x_events;
  Speeches x_speeches;
  std::shared_ptr<Waits> x_waits;
};

}  // namespace loa::api
