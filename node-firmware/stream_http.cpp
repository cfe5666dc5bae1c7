#include "node-firmware/stream_http.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <strings.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>

#include "node-firmware/stream_format.hpp"
#include "scheduler/seconds.hpp"

namespace loa::node {
namespace {

constexpr int kMostRedirects = 3;
constexpr std::size_t kMostHeader = 32 * 1024;
constexpr long kSlowSeconds = 20;
using Steady = std::chrono::steady_clock;

struct Answer {
  const StreamTerms& terms;
  const StreamTaker& taker;
  const std::string& url;
  CURL* easy = nullptr;
  std::size_t header = 0;
  std::int64_t taken = 0;
  bool begun = false;
  std::string location;  ///< of a redirect; curl itself forgets it where the body is not read
  std::optional<GetResult> end;

  std::size_t abort(GetEnd how, std::string why) {
    end = GetResult{how, std::move(why)};
    return 0;
  }
};

long status_of(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  answer.header += size;
  std::string_view line(data, size);
  constexpr std::string_view kName = "location:";
  if (line.size() > kName.size() && strncasecmp(data, kName.data(), kName.size()) == 0) {
    line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
    answer.location = line.substr(std::min(line.find_first_not_of(" \t", kName.size()), line.size()));
  }
  return answer.header <= kMostHeader ? size : answer.abort(GetEnd::refused, "the header is larger than 32 KiB");
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  if (!answer.begun) {
    if (status_of(answer.easy) != 200) return answer.abort(GetEnd::refused, "");  // what it says is of no interest
    answer.begun = true;
    char* type = nullptr;
    curl_easy_getinfo(answer.easy, CURLINFO_CONTENT_TYPE, &type);
    if (!answer.taker.begins(answer.url, type ? type : "")) return answer.abort(GetEnd::stopped, "not wanted");
  }
  answer.taken += static_cast<std::int64_t>(size);
  if (answer.terms.most_bytes > 0 && answer.taken > answer.terms.most_bytes)
    return answer.abort(GetEnd::too_large, fmt::format("more than {} bytes", answer.terms.most_bytes));
  return answer.taker.data({data, size}) ? size : answer.abort(GetEnd::stopped, "not wanted any more");
}

CURLcode on_tls(CURL*, void* context, void* user) {
  const auto& terms = *static_cast<const StreamTerms*>(user);
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(static_cast<SSL_CTX*>(context));
  if (const auto seconds = scheduler::seconds_as<std::time_t>(terms.now))
    X509_VERIFY_PARAM_set_time(param, *seconds);
  else
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);  // beyond time_t's range
  return CURLE_OK;
}

void set_options(CURL* easy, Answer& answer) {
  static const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> icy(curl_slist_append(nullptr, "ICY 200 OK"), curl_slist_free_all);
  const auto& terms = answer.terms;
  curl_easy_setopt(easy, CURLOPT_URL, answer.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, terms.plain_http_allowed ? "http,https" : "https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP200ALIASES, icy.get());  // Shoutcast's own first line
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name server that hangs keeps no thread
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "loa-node/" LOA_VERSION);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 4096L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(terms.connect_limit.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(terms.total_limit.count()));
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy, CURLOPT_CAINFO, terms.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<StreamTerms*>(&terms));
}

CURLcode perform(CURLM* multi, CURL* easy, Answer& answer, const std::function<bool()>& given_up) {
  const auto began = Steady::now();
  curl_multi_add_handle(multi, easy);
  std::optional<CURLcode> code;
  while (!code) {
    if (given_up()) {
      answer.end = GetResult{GetEnd::stopped, "given up"};
      code = CURLE_ABORTED_BY_CALLBACK;
    } else if (!answer.begun && Steady::now() - began > answer.terms.connect_limit) {
      code = CURLE_OPERATION_TIMEDOUT;
    } else {
      int running = 0;
      if (curl_multi_perform(multi, &running) != CURLM_OK) code = CURLE_FAILED_INIT;
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left))
        if (message->msg == CURLMSG_DONE) code = message->data.result;
      if (!code) curl_multi_poll(multi, nullptr, 0, 100, nullptr);
    }
  }
  curl_multi_remove_handle(multi, easy);
  return *code;
}

}  // namespace

GetResult get_stream(CURLM* multi, const std::string& url, const StreamTerms& terms, const StreamTaker& taker,
                     const std::function<bool()>& given_up) {
  const auto origin = origin_of(url);
  if (!origin) return {GetEnd::refused, "the address is none of http or https, or it names a user"};
  if (origin->scheme != "https" && !terms.plain_http_allowed) return {GetEnd::refused, "plain http is not allowed for this stream"};
  std::string address = url;
  for (int asked = 0; asked <= kMostRedirects; ++asked) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
    if (!easy) return {GetEnd::network, "libcurl has no memory"};
    Answer answer{terms, taker, address, easy.get(), 0, 0, false, {}, {}};
    set_options(easy.get(), answer);
    const auto code = perform(multi, easy.get(), answer, given_up);
    const long status = status_of(easy.get());
    if (answer.end && !(answer.end->end == GetEnd::refused && answer.end->detail.empty())) return *answer.end;
    if (status >= 300 && status < 400) {
      const auto next = resolve_within(address, answer.location);
      if (!next) return {GetEnd::refused, "it redirects to another host, or to none"};
      address = *next;
      continue;
    }
    if (status != 0 && status != 200) return {GetEnd::refused, fmt::format("the server answers {}", status)};
    if (code != CURLE_OK) return {GetEnd::network, curl_easy_strerror(code)};
    return answer.begun ? GetResult{GetEnd::ended, "the stream ended"} : GetResult{GetEnd::ended, "the answer is empty"};
  }
  return {GetEnd::refused, "it redirects more than three times"};
}

}  // namespace loa::node
