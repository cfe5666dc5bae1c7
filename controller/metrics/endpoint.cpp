#include "controller/metrics/endpoint.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>

#include "controller/http/problem.hpp"
#include "controller/metrics/exposition.hpp"

namespace loa::metrics {

namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest digest_of(std::string_view text) {
  Digest digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

/// Takes as long whatever is brought.
bool is_token(std::string_view authorization, const std::string& token) {
  constexpr std::string_view kScheme = "Bearer ";
  const bool bearer = authorization.substr(0, kScheme.size()) == kScheme;
  const auto brought = digest_of(bearer ? authorization.substr(kScheme.size()) : std::string_view{});
  const auto wanted = digest_of(token);
  return CRYPTO_memcmp(brought.data(), wanted.data(), wanted.size()) == 0 && bearer;
}

http::Response refused() {
  auto response = http::problem_response({401, "token_required", "This address wants its token as `Authorization: Bearer`.", {}});
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response wrong_method() {
  auto response = http::problem_response({405, "method_not_allowed", "This address is read with GET.", {}});
  response.headers.emplace_back("Allow", "GET");
  return response;
}

}  // namespace

Endpoint::Endpoint(Gather gather, std::string token, std::chrono::milliseconds fresh)
    : gather_(std::move(gather)), token_(std::move(token)), fresh_(fresh) {}

boost::asio::awaitable<http::BodyPlan> Endpoint::plan_body(const http::Request& head) {
  http::BodyPlan plan = http::BufferBody{0};
  if (!token_.empty() && !is_token(head.header("authorization"), token_))
    plan = refused();
  else if (head.path != "/metrics")
    plan = http::problem_response({404, "not_found", "There is nothing at this address.", {}});
  else if (head.method != http::Method::get && head.method != http::Method::head)
    plan = wrong_method();
  co_return plan;
}

boost::asio::awaitable<http::Response> Endpoint::handle(http::Request) {
  const auto now = std::chrono::steady_clock::now();
  if (!gathering_ && (text_.empty() || now >= gathered_ + fresh_)) {
    gathering_ = true;
    try {
      text_ = exposition(co_await gather_());
      gathered_ = now;
    } catch (...) {
      gathering_ = false;
      throw;  // logged and answered with 500 by the server
    }
    gathering_ = false;
  }
  http::Response response =
      text_.empty() ? http::problem_response({503, "busy", "The first figures are being gathered.", {}}) : http::text_response(200, kContentType, text_);
  co_return response;
}

std::string read_token(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) throw std::runtime_error("no token can be read from " + file.string());
  if ((info.st_mode & 077) != 0) throw std::runtime_error(file.string() + " can be read by others than its owner: chmod 600");
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  const bool visible = std::all_of(line.begin(), line.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!in || line.size() < 32 || line.size() > 256 || !visible)
    throw std::runtime_error(file.string() + " must hold a token of 32 to 256 visible characters in its first line");
  return line;
}

}  // namespace loa::metrics
