#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/time.hpp"

namespace loa::node {

using scheduler::Millis;

/// Under which terms one address may be asked.
struct StreamTerms {
  bool plain_http_allowed = false;       ///< the province marked this stream as allowed without TLS
  std::string ca_file;                   ///< PEM of the authorities that are trusted
  scheduler::TimePoint now;              ///< by which certificates' dates are judged: the node's clock, as for clips
  std::int64_t most_bytes = 0;           ///< 0: endless
  Millis connect_limit{10'000};          ///< to the first byte of the answer's body
  Millis total_limit{0};                 ///< 0: endless
};

enum class GetEnd {
  ended,      ///< the whole body came
  refused,    ///< a status, a redirect elsewhere, an address that may not be asked: asking again at once is of no use
  network,    ///< no connection, TLS refused, cut, too slow
  too_large,  ///< more than `most_bytes`
  stopped     ///< by the taker, or given up
};

struct GetResult {
  GetEnd end = GetEnd::network;
  std::string detail;  ///< one sentence for the log
};

/// Who takes the answer, on the calling thread.
struct StreamTaker {
  std::function<bool(const std::string& url, const std::string& content_type)> begins;  ///< before the body; `url` after redirects; false: stop
  std::function<bool(std::string_view bytes)> data;                                     ///< may wait; false: stop
};

/// Gets `url` on the calling thread, asking `given_up` at least ten times a second and after each curl_multi_wakeup. TLS 1.2 or newer, chain, name
/// and dates verified always; http only where it is allowed; no proxy, no user; at most three redirects, and none to another scheme, host or
/// port. A body that brings less than a byte a second for 20 s is cut.
GetResult get_stream(CURLM* multi, const std::string& url, const StreamTerms& terms, const StreamTaker& taker,
                     const std::function<bool()>& given_up);

}  // namespace loa::node
