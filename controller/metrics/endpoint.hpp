#pragma once
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "controller/http/server.hpp"
#include "controller/metrics/family.hpp"

namespace loa::metrics {

/// Answers `GET /metrics` and nothing else. With a token only to who brings it as `Authorization: Bearer` (RFC 6750). Figures are gathered at
/// most once in `fresh`: whoever asks more often gets the last text, so that asking costs nothing. On the loop.
class Endpoint final : public http::Handler {
 public:
  using Gather = std::function<boost::asio::awaitable<std::vector<Family>>()>;

  /// An empty `token` asks for none: the caller then listens on loopback only.
  Endpoint(Gather gather, std::string token, std::chrono::milliseconds fresh = std::chrono::seconds(5));

  boost::asio::awaitable<http::BodyPlan> plan_body(const http::Request& head) override;
  boost::asio::awaitable<http::Response> handle(http::Request request) override;

 private:
  Gather gather_;
  std::string token_;
  std::chrono::milliseconds fresh_;
  std::string text_;
  std::chrono::steady_clock::time_point gathered_;
  bool gathering_ = false;
};

/// The token in the first line of a file: 32 to 256 visible characters. Throws std::runtime_error, naming the file, where it has another form
/// or others than its owner may read it.
std::string read_token(const std::filesystem::path& file);

}  // namespace loa::metrics
