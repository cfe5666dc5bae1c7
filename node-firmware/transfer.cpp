#include "node-firmware/transfer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "node-firmware/file_hash.hpp"
#include "scheduler/seconds.hpp"

namespace loa::node {
namespace {

/// One request and the part that its answer goes to.
struct Transfer {
  Download download;
  CURL* easy = nullptr;
  int fd = -1;
  std::int64_t have = 0;          ///< bytes in the part
  bool body_checked = false;
  bool range_fits = false;        ///< Content-Range continues the part, of a file of the right size
  std::optional<DownloadEnd> end; ///< set where the transfer was aborted here
  std::string detail;

  std::size_t abort(DownloadEnd how, std::string why) {
    end = how;
    detail = std::move(why);
    return 0;
  }
  bool empty_part() {
    have = 0;
    return ::ftruncate(fd, 0) == 0 && ::lseek(fd, 0, SEEK_SET) == 0;
  }
};

long status_of(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string line(data, size);
  constexpr std::string_view kName = "content-range:";
  if (line.size() < kName.size() || strncasecmp(line.c_str(), kName.data(), kName.size()) != 0) return size;
  const auto first_last_total = line.substr(kName.size());
  const std::string wanted = fmt::format("bytes {}-{}/{}", transfer.have, transfer.download.bytes - 1, transfer.download.bytes);
  transfer.range_fits = first_last_total.find(wanted) != std::string::npos;
  return size;
}

/// Before the first byte of a body: is it one that we asked for, and where does it go?
bool check_body(Transfer& transfer) {
  transfer.body_checked = true;
  const long status = status_of(transfer.easy);
  if (status == 200) return transfer.empty_part() || transfer.abort(DownloadEnd::disk, "cannot empty the part");
  if (status != 206) return false;
  if (transfer.range_fits) return true;
  transfer.empty_part();
  transfer.abort(DownloadEnd::wrong_size, "the answer does not continue the part, or its size is not the plan's");
  return false;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!transfer.body_checked && !check_body(transfer)) return 0;
  if (transfer.have + static_cast<std::int64_t>(size) > transfer.download.bytes) {
    transfer.empty_part();
    return transfer.abort(DownloadEnd::wrong_size, "more bytes than the plan says");
  }
  std::size_t done = 0;
  while (done < size) {
    const ssize_t wrote = ::write(transfer.fd, data + done, size - done);
    if (wrote <= 0) return transfer.abort(DownloadEnd::disk, std::string("cannot write the part: ") + std::strerror(errno));
    done += static_cast<std::size_t>(wrote);
  }
  transfer.have += static_cast<std::int64_t>(size);
  return size;
}

CURLcode on_tls(CURL*, void* context, void* user) {
  const auto& tls = *static_cast<const TlsTime*>(user);
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(static_cast<SSL_CTX*>(context));
  // Dates beyond time_t's range are not checked either.
  const auto seconds = tls.now ? scheduler::seconds_as<std::time_t>(*tls.now) : std::nullopt;
  if (!tls.check || (tls.now && !seconds)) {
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
  } else if (seconds) {
    X509_VERIFY_PARAM_set_time(param, *seconds);
  }
  return CURLE_OK;
}

curl_blob blob_of(const std::string& text) {
  return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
}

bool is_loopback(const char* url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url, 0) != CURLUE_OK) return false;
  if (curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) return false;
  const std::string name(host);
  curl_free(host);
  return name == "127.0.0.1" || name == "[::1]" || name == "localhost";
}

void set_tls(CURL* easy, const Download& download, const CurlSettings& settings) {
  const curl_blob ca = blob_of(download.tls.ca_pem.empty() ? settings.ca_pem : download.tls.ca_pem);
  curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<TlsTime*>(&download.tls));
  if (settings.certificate_pem.empty()) return;
  const curl_blob certificate = blob_of(settings.certificate_pem);
  const curl_blob key = blob_of(settings.key_pem);
  curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
  curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
}

void set_options(CURL* easy, Transfer& transfer, const CurlSettings& settings) {
  const Download& download = transfer.download;
  const bool plain = settings.plain_http_on_loopback && is_loopback(download.url.c_str());
  curl_easy_setopt(easy, CURLOPT_URL, download.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "loa-node/" LOA_VERSION);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_limit.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings.total_limit.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, settings.low_speed_bytes);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(settings.low_speed_time.count()));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  if (transfer.have > 0) curl_easy_setopt(easy, CURLOPT_RANGE, fmt::format("{}-", transfer.have).c_str());
  set_tls(easy, download, settings);
}

/// Nothing where it was given up.
std::optional<CURLcode> perform(CURLM* multi, CURL* easy, const std::function<bool()>& given_up) {
  curl_multi_add_handle(multi, easy);
  std::optional<CURLcode> code;
  int running = 1;
  while (!code && !given_up()) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) code = CURLE_FAILED_INIT;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (!code) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  curl_multi_remove_handle(multi, easy);
  return code;
}

bool refused_for_dates(CURLcode code, CURL* easy) {
  long verified = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
  return code == CURLE_PEER_FAILED_VERIFICATION && (verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID);
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

DownloadResult judge_status(Transfer& transfer, long status) {
  if (status == 404 || status == 410) return {DownloadEnd::not_found, {}, fmt::format("the server answers {}", status)};
  if (status == 416) {
    transfer.empty_part();
    return {DownloadEnd::network, {}, "the server cannot continue the part"};
  }
  return {DownloadEnd::refused, {}, fmt::format("the server answers {}", status)};
}

DownloadResult prove(int fd, const Download& download) {
  if (::fsync(fd) != 0) return {DownloadEnd::disk, {}, "cannot write the part through to disk"};
  const auto sha256 = hash_of_file(download.part);
  if (!sha256) return {DownloadEnd::disk, {}, "cannot read the part"};
  return {DownloadEnd::complete, *sha256, {}};
}

DownloadResult judge(Transfer& transfer, std::optional<CURLcode> code) {
  if (!code) return {DownloadEnd::network, {}, "given up"};
  if (transfer.end) return {*transfer.end, {}, transfer.detail};
  const long status = status_of(transfer.easy);
  if (status != 0 && status != 200 && status != 206) return judge_status(transfer, status);
  if (*code != CURLE_OK) return {DownloadEnd::network, {}, curl_easy_strerror(*code)};
  if (transfer.have == transfer.download.bytes) return prove(transfer.fd, transfer.download);
  transfer.empty_part();
  return {DownloadEnd::wrong_size, {}, "fewer bytes than the plan says"};
}

}  // namespace

DownloadResult fetch(CURLM* multi, const Download& download, const CurlSettings& settings,
                     const std::function<bool()>& given_up) {
  Transfer transfer{download};
  transfer.fd = ::open(download.part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (transfer.fd < 0) return {DownloadEnd::disk, {}, std::string("cannot open the part: ") + std::strerror(errno)};
  transfer.have = ::lseek(transfer.fd, 0, SEEK_END);
  if (transfer.have > download.bytes) transfer.empty_part();
  DownloadResult result;
  if (transfer.have == download.bytes) {
    result = prove(transfer.fd, download);
  } else {
    Easy easy(nullptr, curl_easy_cleanup);
    const auto ask = [&] {
      easy.reset(curl_easy_init());
      transfer.easy = easy.get();
      set_options(easy.get(), transfer, settings);
      return perform(multi, easy.get(), given_up);
    };
    auto code = ask();
    if (code && transfer.download.tls.check && refused_for_dates(*code, easy.get())) {
      spdlog::warn("{}: its certificate is refused for its dates; the clock may be wrong: trying without dates", download.url);
      transfer.download.tls.check = false;
      code = ask();
    }
    result = judge(transfer, code);
  }
  ::close(transfer.fd);
  return result;
}

}  // namespace loa::node
