#pragma once
#include <curl/curl.h>

#include <functional>

#include "node-firmware/downloader_curl.hpp"

namespace loa::node {

/// Gets one file on the calling thread, at most settings.total_limit long, asking `given_up` at least once a second and
/// after each curl_multi_wakeup. Proves a part that is already whole without a connection.
DownloadResult fetch(CURLM* multi, const Download& download, const CurlSettings& settings,
                     const std::function<bool()>& given_up);

}  // namespace loa::node
