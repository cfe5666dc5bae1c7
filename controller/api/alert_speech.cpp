#include "controller/api/alert_speech.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/api/api.hpp"
#include "controller/api/clip_row.hpp"
#include "controller/api/voice_for.hpp"
#include "controller/store/clips.hpp"
#include "protocol/random_id.hpp"

// Lambdas are named before they are awaited on: g++ 12 destroys a temporary one twice (gcc bug 107288).
namespace loa::api {
namespace {

using boost::asio::awaitable;

// Whether it was kept; nothing where the store does not take it now.
awaitable<std::optional<bool>> try_to_keep(Api& api, store::AlertRow row, std::string voice, media::Result<media::Clip> made) {
  auto work = [row, voice, made](store::Transaction& transaction) {
    if (made) store::put_clip(transaction, clip_row(*made, "speech", voice));
    return store::set_alert_speech(transaction, row.alert.id, made ? made->sha256 : "", made ? "" : made.error().message);
  };
  store::Actor actor{row.creator, ""};
  std::optional<bool> kept;
  try {
    kept = co_await api.store().write(std::move(actor), std::move(work), store::Lane::urgent);
  } catch (const std::exception& error) {
    spdlog::error("what came of the text of the alert {} could not be kept: {}", row.alert.id, error.what());
  }
  co_return kept;
}

// Tried on while the alert can be confirmed: a confirmation that comes first goes with the stock clip.
awaitable<void> keep(Api& api, store::AlertRow row, std::string voice, media::Result<media::Clip> made, [[maybe_unused]] Speeches::Spoken until_kept) {
  auto pause = api.settings().keep_results.pause;
  std::optional<bool> kept;
  for (;;) {
    kept = co_await try_to_keep(api, row, voice, made);
    if (kept || api.store().clock().now() >= row.confirm_before) break;
    const bool goes_on = co_await api.wait(pause);
    if (!goes_on) co_return;
    pause = std::min<std::chrono::milliseconds>(2 * pause, std::chrono::seconds(5));
  }
  if (!kept.value_or(false)) co_return;  // it was confirmed or cancelled meanwhile
  const Event event{"alert", row.alert.id, row.alert.area, "", "pending", {}};
  api.publish(event);
}

awaitable<void> keep_problem(Api& api, store::AlertRow row, std::string code, std::string message, Speeches::Spoken spoken) {
  media::Result<media::Clip> none(media::Problem{std::move(code), std::move(message)});
  std::string nobody;
  auto kept = keep(api, std::move(row), std::move(nobody), std::move(none), std::move(spoken));
  co_await std::move(kept);
}

awaitable<void> begin(Api& api, store::AlertRow row, Speeches::Spoken spoken) {
  auto list = [&api] { return api.hooks().voices(); };
  const auto voices = co_await api.worker().run(std::move(list));
  const auto* voice = voice_for(voices, row.alert.language);
  if (!voice) {
    auto message = "There is no voice of the language \"" + row.alert.language + "\".";
    auto kept = keep_problem(api, std::move(row), "no_voice", std::move(message), std::move(spoken));
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
  if (auto problem = api.hooks().start_job(std::move(job))) {
    auto kept = keep_problem(api, std::move(row), std::move(problem->code), std::move(problem->message), std::move(spoken));
    co_await std::move(kept);
  }
}

}  // namespace

awaitable<void> speak_alert(Api& api, store::AlertRow row, Speeches::Spoken spoken) {
  std::string why;
  try {
    auto begun = begin(api, row, spoken);
    co_await std::move(begun);
    co_return;
  } catch (const std::exception& error) {
    spdlog::error("the text of the alert {} could not be spoken: {}", row.alert.id, error.what());
    why = error.what();
  }
  auto kept = keep_problem(api, std::move(row), "not_begun", "The speech could not be begun: " + why + ".", std::move(spoken));
  co_await std::move(kept);
}

void fail_interrupted_speech(store::Session& db, store::TimePoint now) {
  store::Transaction transaction(db, store::system_actor(), now);
  for (const auto& id : store::list_alerts_being_spoken(db))
    store::set_alert_speech(transaction, id, "", "The controller was stopped while it was being spoken.");
  transaction.commit();
}

}  // namespace loa::api
