#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "controller/api/api.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::fuzz {

/// The API on a real database, without a server: hue above hue-a and hue-b, in hue-a one of everything, under ids that are always the same.
/// `root` may do everything, `stranger` everything in hue-b, and nobody else is known.
class ApiWorld {
 public:
  // Things of hue-a.
  static inline const std::string kNode = "n-" + std::string(26, 'a');
  static inline const std::string kProgramme = "p-" + std::string(26, 'a');
  static inline const std::string kDraft = "p-" + std::string(26, 'b');
  static inline const std::string kBroadcast = "b-" + std::string(26, 'a');
  static inline const std::string kAlert = "l-" + std::string(26, 'a');
  static inline const std::string kStream = "st-" + std::string(26, 'a');
  static inline const std::string kJob = "j-" + std::string(26, 'a');
  static inline const std::string kUser = "u-" + std::string(26, 'a');
  static constexpr const char* kToken = "token";      ///< confirms the alert
  static constexpr const char* kSecret = "Bimat-A7";  ///< stands in titles and names of hue-a, which a stranger must not read

  ApiWorld();
  ~ApiWorld();

  /// One request through all of the API, its body read as the API wants it; what a handler throws comes out.
  http::Response answer(http::Request request, std::string body);
  /// The cookie of a session of `user`: "root" or "stranger".
  std::string cookie(const std::string& user) const;

 private:
  void fill();

  class FixedClock final : public protocol::Clock {
   public:
    scheduler::TimePoint now() const override { return scheduler::from_ms(1'795'568'400'000); }
  };

  tests::TempFolder x_folder;
  FixedClock x_clock;
  boost::asio::io_context x_loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work{x_loop.get_executor()};
  std::unique_ptr<store::Store> x_store;
  std::unique_ptr<api::Api> x_api;
};

}  // namespace loa::fuzz
