#include "controller/api/alert_speech.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/api/api.hpp"
#include "controller/api/clip_row.hpp"
#include "controller/store/clips.hpp"
#include "protocol/random_id.hpp"

// Lambdas are named before they are awaited on: g++ 12 destroys a temporary one twice (gcc bug 107288).
namespace loa::api {
namespace {

using boost::asio::awaitable;

// The first voice that speaks the alert's language, else the first of all.
const VoiceChoice* voice_for(const std::vector<VoiceChoice>& voices, const std::string& language) {
  for (const auto& voice : voices)
    if (voice.language == language || voice.language.starts_with(language + "-")) return &voice;
  return voices.empty() ? nullptr : &voices.front();
}

awaitable<void> keep(Api& api, store::AlertRow row, std::string voice, media::Result<media::Clip> made, [[maybe_unused]] Speeches::Spoken until_kept) {
  auto work = [row, voice, made](store::Transaction& transaction) {
    if (made) store::put_clip(transaction, clip_row(*made, "speech", voice));
    store::set_alert_speech(transaction, row.alert.id, made ? made->sha256 : "", made ? "" : made.error().message);
  };
  store::Actor actor{row.creator, ""};
  try {
    co_await api.store().write(std::move(actor), std::move(work));
  } catch (const std::exception& error) {
    spdlog::error("the clip of the alert {} could not be kept: {}", row.alert.id, error.what());
    co_return;
  }
  const Event event{"alert", row.alert.id, row.alert.area, "", "pending", {}};
  api.publish(event);
}

}  // namespace

awaitable<void> speak_alert(Api& api, store::AlertRow row, Speeches::Spoken spoken) {
  auto list = [&api] { return api.hooks().voices(); };
  const auto voices = co_await api.worker().run(std::move(list));
  const auto* voice = voice_for(voices, row.alert.language);
  if (!voice) {
    media::Result<media::Clip> none(media::Problem{"no_voice", "There is no voice to speak it."});
    std::string nobody;
    auto kept = keep(api, std::move(row), std::move(nobody), std::move(none), std::move(spoken));
    co_await std::move(kept);
    co_return;
  }
  const auto slash = voice->id.find('/');
  media::Speech speech;
  speech.text = row.script;
  speech.synthesizer = voice->id.substr(0, slash);
  speech.voice = slash == std::string::npos ? "" : voice->id.substr(slash + 1);
  media::Job job{protocol::random_id("j"), std::move(speech), {}, {}};
  job.urgent = true;
  job.on_done = [&api, row, spoken, id = voice->id](media::Result<media::Clip> made) {
    auto task = keep(api, row, id, std::move(made), spoken);
    boost::asio::co_spawn(api.store().loop(), std::move(task), boost::asio::detached);
  };
  if (const auto problem = api.hooks().start_job(std::move(job))) {
    media::Result<media::Clip> none(*problem);
    std::string name = voice->id;
    auto kept = keep(api, std::move(row), std::move(name), std::move(none), std::move(spoken));
    co_await std::move(kept);
  }
}

}  // namespace loa::api
