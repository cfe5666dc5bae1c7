#include "node-firmware/teller.hpp"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace loa::node {

namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

CURLcode without_dates(CURL*, void* context, void*) {
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(static_cast<SSL_CTX*>(context)), X509_V_FLAG_NO_CHECK_TIME);
  return CURLE_OK;
}

std::size_t nothing(char*, std::size_t size, std::size_t count, void*) { return size * count; }

int given_up(void* token, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
}

bool post(const std::string& url, const std::string& ca_pem, const std::string& body, const std::stop_token& stop) {
  const std::unique_ptr<CURL, FreeEasy> easy(curl_easy_init());
  const std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Content-Type: application/jose"));
  if (!easy || !headers) return false;
  curl_blob ca{const_cast<char*>(ca_pem.data()), ca_pem.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, Teller::kLimitSeconds);
  curl_easy_setopt(easy.get(), CURLOPT_CAINFO_BLOB, &ca);
  curl_easy_setopt(easy.get(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy.get(), CURLOPT_SSL_CTX_FUNCTION, without_dates);
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, nothing);
  curl_easy_setopt(easy.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFOFUNCTION, given_up);
  curl_easy_setopt(easy.get(), CURLOPT_XFERINFODATA, const_cast<std::stop_token*>(&stop));
  const auto done = curl_easy_perform(easy.get());
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (done == CURLE_OK && status / 100 == 2) return true;
  spdlog::warn("{}: {}", url, done == CURLE_OK ? "status " + std::to_string(status) : std::string(curl_easy_strerror(done)));
  return false;
}

}  // namespace

Teller::~Teller() = default;

void Teller::tell(std::vector<std::string> addresses, std::string path, std::string body, std::string ca_pem) {
  thread_ = std::jthread([ca = std::move(ca_pem), addresses = std::move(addresses), path = std::move(path), body = std::move(body)](const std::stop_token& stop) {
    for (const auto& address : addresses)
      if (!stop.stop_requested() && post(address + path, ca, body, stop)) return;
  });
}

}  // namespace loa::node
