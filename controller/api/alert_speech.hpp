#pragma once
#include <boost/asio/awaitable.hpp>

#include "controller/api/speeches.hpp"
#include "controller/store/alerts.hpp"

namespace loa::api {

class Api;

/// Has the text of a pending alert spoken, ahead of all other sound, and keeps the clip, or why there is none, with it; `spoken` is let go then. Loop
/// thread; spawned, never awaited by a request.
boost::asio::awaitable<void> speak_alert(Api& api, store::AlertRow row, Speeches::Spoken spoken);

}  // namespace loa::api
