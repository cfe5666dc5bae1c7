#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <functional>

#include "controller/api/attempts.hpp"
#include "controller/api/call.hpp"
#include "controller/api/events.hpp"
#include "controller/api/hooks.hpp"
#include "controller/api/passwords.hpp"
#include "controller/api/worker.hpp"
#include "controller/http/server.hpp"
#include "controller/store/store.hpp"

namespace loa::api {

/// What the config says about the api.
struct Settings {
  std::filesystem::path web_root;  ///< the built page; empty: none is served
  std::chrono::hours session_time{12};
  std::uint64_t upload_bytes = 200ULL << 20;
  PasswordCost password_cost;
};

/// The controller's HTTP API (see openapi.yaml), the clips and the page, as a handler of http::Server. Made, used and destroyed on
/// the loop; the store outlives it. It reads the area tree from the store when made, and throws what the store throws.
class Api final : public http::Handler {
 public:
  Api(store::Store& store, Settings settings, Hooks hooks);

  boost::asio::awaitable<http::BodyPlan> plan_body(const http::Request& head) override;
  boost::asio::awaitable<http::Response> handle(http::Request request) override;

  /// Tells the readers of event streams; for the rooms that learn of changes first.
  void publish(const Event& event);
  /// Ends all event streams, before the server stops.
  void close_streams() { x_events.close_all(); }

  // For handlers:
  store::Store& store() { return x_store; }
  const Settings& settings() const { return x_settings; }
  const Hooks& hooks() const { return x_hooks; }
  Worker& worker() { return x_worker; }
  Attempts& attempts() { return x_attempts; }
  EventHub& events() { return x_events; }
  /// Does what a write left to be done.
  void apply(Effects effects);

 private:
  boost::asio::awaitable<http::Response> dispatch(http::Request request);
  boost::asio::awaitable<void> read_areas();

  store::Store& x_store;
  Settings x_settings;
  Hooks x_hooks;
  Worker x_worker;
  Attempts x_attempts;
  EventHub x_events;
};

}  // namespace loa::api
