#pragma once
#include <atomic>
#include <fstream>
#include <iterator>

#include "tests/support/http_server.hpp"
#include "tests/system/cache_certificate.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// Where nodes fetch their clips: it has none until it is opened.
class ShutCache {
 public:
  explicit ShutCache(Village& village)
      : clips_(village.folder() / "controller/clips"), server_([this](const HttpRequest& request) { return answer(request); }, cache_certificate(village)) {}

  std::string address() const { return server_.base(); }
  void open() { open_ = true; }

 private:
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
