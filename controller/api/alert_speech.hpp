#pragma once
#include <boost/asio/awaitable.hpp>

#include "controller/api/speeches.hpp"
#include "controller/store/alerts.hpp"

namespace loa::api {

class Api;

/// Has the text of a pending alert spoken, ahead of all other sound, and keeps the clip, or why there is none, with it; `spoken` is let go then. Loop
/// thread; spawned, never awaited by a request.
boost::asio::awaitable<void> speak_alert(Api& api, store::AlertRow row, Speeches::Spoken spoken);

/// At the start: whose text was being spoken when the controller stopped goes with its stock clip, and says so.
void fail_interrupted_speech(store::Session& db, store::TimePoint now);

}  // namespace loa::api
