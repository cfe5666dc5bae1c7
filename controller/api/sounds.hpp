#pragma once
#include <boost/asio/awaitable.hpp>

#include "controller/api/call.hpp"
#include "controller/media/clip.hpp"
#include "controller/store/clips.hpp"

namespace loa::api {

class Api;

/// Keeps what a job made or why it failed, gives the programme its clip, and tells the readers of events. Spoken sound of a text that was
/// changed meanwhile is not taken. Where the store does not take it, it is tried again (see Settings::keep_results), so that the programme is
/// never held up by a job that nobody works on.
boost::asio::awaitable<void> finish_job(Api& api, store::MediaJob job, media::Result<media::Clip> result);

/// Marks the jobs that a stop of the program cut off as failed. On the store thread.
void fail_interrupted_jobs(store::Session& db, store::TimePoint now);

}  // namespace loa::api
