#pragma once
#include <atomic>
#include <fstream>
#include <iterator>

#include "controller/authority/kept_certificate.hpp"
#include "protocol/clock.hpp"
#include "tests/support/http_server.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// Where nodes fetch their clips: it has none until it is opened.
class ShutCache {
 public:
  explicit ShutCache(Village& village)
      : clips_(village.folder() / "controller/clips"), server_([this](const HttpRequest& request) { return answer(request); }, certificate(village)) {}

  std::string address() const { return server_.base(); }
  void open() { open_ = true; }

 private:
  static TestTls certificate(const Village& village) {
    const auto now = loa::protocol::SystemClock().now();
    const auto authority = loa::authority::CertificateAuthority::open_or_create(village.folder() / "controller/authority", now);
    const auto made = loa::authority::keep_server_certificate(village.folder() / "cache", "cache", {"127.0.0.1"}, authority, now);
    return {authority.certificate_pem(), made.certificate_pem, made.key_pem};
  }
  ServerAnswer answer(const HttpRequest& request) const {
    ServerAnswer answer;
    if (!open_) {
      answer.status = 503;
      return answer;
    }
    std::ifstream in(clips_ / std::filesystem::path(request.path).filename(), std::ios::binary);
    answer.body = {std::istreambuf_iterator<char>(in), {}};
    return answer;
  }

  std::filesystem::path clips_;
  std::atomic<bool> open_{false};
  HttpServer server_;
};

}  // namespace loa::tests
