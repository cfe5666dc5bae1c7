#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>

#include "controller/store/alerts.hpp"

namespace loa::api {

class Api;

/// Has the text of a pending alert spoken, and keeps the clip, or why there is none, with it. Loop thread; spawned, never awaited by a request.
boost::asio::awaitable<void> speak_alert(Api& api, store::AlertRow row);

/// Waits until the text of `id` is spoken, or cannot be, at most kSpeechPatience. False: the api ends.
boost::asio::awaitable<bool> wait_for_speech(Api& api, std::string id);

/// How long a confirmation waits for the alert's own clip; then it goes with its stock clip alone.
inline constexpr int kSpeechPatienceMs = 10'000;

}  // namespace loa::api
