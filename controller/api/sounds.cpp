#include "controller/api/sounds.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/clip_row.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/store/uses.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

void fail(store::MediaJob& job, std::string code, std::string message) {
  job.state = store::JobState::failed;
  job.error_code = std::move(code);
  job.error = std::move(message);
}

// On the store thread, in one write with the programme's new clip.
void keep_result(store::Transaction& transaction, store::MediaJob& job, const media::Result<media::Clip>& result) {
  job.finished = transaction.now();
  const auto programme = store::find_programme(transaction.session(), job.programme);
  if (result.has_error()) {
    fail(job, result.error().code, result.error().message);
  } else if (!programme || (job.kind == "speech" && programme->script != job.source)) {
    fail(job, "text_changed", "The text was changed while it was being spoken.");
  } else {
    store::put_clip(transaction, clip_row(*result, job.kind, job.source_name));
    if (store::set_programme_clip(transaction, job.programme, result->sha256)) {
      job.state = store::JobState::done;
      job.percent = 100;
      job.clip_sha256 = result->sha256;
    } else {
      fail(job, "wrong_state", "The programme takes no sound any more.");
    }
  }
  store::update_media_job(transaction, job);
}

/// A finished job as it was written, and who plays what it was made for.
struct Kept {
  store::MediaJob job;
  store::ProgrammeUses uses;
};

// Nothing where the store does not take it now.
awaitable<std::optional<Kept>> try_to_keep(Api& api, store::MediaJob job, media::Result<media::Clip> result) {
  auto kept = std::make_shared<Kept>(Kept{std::move(job), {}});
  auto work = [kept, result](store::Transaction& transaction) {
    keep_result(transaction, kept->job, result);
    kept->uses = store::uses_of_programme(transaction.session(), kept->job.programme);
  };
  store::Actor actor{kept->job.creator, ""};
  std::optional<Kept> written;
  try {
    co_await api.store().write(std::move(actor), std::move(work));
    written = *kept;
  } catch (const std::exception& error) {
    spdlog::error("the result of the job {} for the programme {} could not be kept: {}", kept->job.id, kept->job.programme, error.what());
  }
  co_return written;
}

Event job_event(const store::MediaJob& job) { return {"job", job.id, job.area, "", name_of(job.state), job.percent}; }

void log_failure(std::exception_ptr error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    spdlog::error("what a finished job leaves to be done failed: {}", e.what());
  }
}

// Writes the job's row for the programme of the path, where it may have new sound; the row's programme and area are filled in.
http::Result<store::MediaJob> begin(StoreCall& call, store::MediaJob job) {
  const auto programme = store::find_programme(call.db, call.call.parameter("id"));
  if (!programme) return not_found("such programme");
  if (auto problem = guard(call, programme->area)) return *problem;
  if (programme->state == store::ProgrammeState::archived) return conflict("wrong_state", "The programme is archived.");
  const auto unfinished = store::list_unfinished_jobs(call.db);
  if (std::any_of(unfinished.begin(), unfinished.end(), [&](const auto& one) { return one.programme == programme->id; }))
    return conflict("job_running", "Its sound is still being made.");
  if (job.kind == "speech") job.source = programme->script;
  if (job.kind == "speech" && job.source.find_first_not_of(" \t\r\n") == std::string::npos)
    return refused("text_empty", "The programme has no text to speak.");
  job.id = protocol::random_id("j");
  job.programme = programme->id;
  job.area = programme->area;
  job.creator = call.call.caller.user.id;
  job.created = call.call.now;
  auto transaction = call.write();
  store::add_media_job(transaction, job);
  transaction.commit();
  return job;
}

awaitable<http::Result<store::MediaJob>> begin_in_store(Api& api, std::shared_ptr<Call> call, store::MediaJob job) {
  auto work = [call, job](store::Session& db) {
    Effects none;
    StoreCall store_call{*call, db, none};
    return begin(store_call, job);
  };
  co_return co_await api.store().run(std::move(work));
}

// Hands the job over; where it is refused its row says so.
awaitable<Reply> start(Api& api, store::MediaJob job, media::Source source) {
  media::Job work{job.id, std::move(source), {}, {}};
  work.on_progress = [&api, job](int percent) {
    api.publish({"job", job.id, job.area, "", "running", percent});
  };
  work.on_done = [&api, job](media::Result<media::Clip> result) {
    auto task = finish_job(api, job, std::move(result));
    boost::asio::co_spawn(api.store().loop(), std::move(task), log_failure);
  };
  if (auto problem = api.hooks().start_job(std::move(work))) {
    media::Result<media::Clip> none(*problem);
    auto task = finish_job(api, job, std::move(none));
    boost::asio::co_spawn(api.store().loop(), std::move(task), log_failure);
    co_return http::Problem{503, problem->code, problem->message, {}};
  }
  co_return json_response(api::job(job), 202);
}

// "espeak/vi" as synthesizer and voice.
std::pair<std::string, std::string> parts_of(const std::string& voice) {
  const auto slash = voice.find('/');
  if (slash == std::string::npos) return {voice, ""};
  return {voice.substr(0, slash), voice.substr(slash + 1)};
}

awaitable<std::vector<VoiceChoice>> voices_of(Api& api) {
  auto list = [&api] { return api.hooks().voices(); };
  co_return co_await api.worker().run(std::move(list));
}

}  // namespace

awaitable<void> finish_job(Api& api, store::MediaJob job, media::Result<media::Clip> result) {
  const auto& retry = api.settings().keep_results;
  auto pause = retry.pause;
  std::optional<Kept> kept;
  for (int tries = 1;; ++tries) {
    if (tries > retry.tries) result = media::Problem{"not_kept", "What was made could not be kept for too long; make it again."};
    kept = co_await try_to_keep(api, job, result);
    if (kept) break;
    const bool goes_on = co_await api.wait(pause);
    if (!goes_on) co_return;
    pause = std::min<std::chrono::milliseconds>(2 * pause, std::chrono::minutes(1));
  }
  api.publish(job_event(kept->job));
  Event changed{"programme", kept->job.programme, kept->job.area, "", "", {}};
  api.publish(changed);
  // A new clip makes an approved programme a draft: what is scheduled of it leaves the plans.
  Effects effects;
  effects.areas = std::move(kept->uses.areas);
  effects.nodes = std::move(kept->uses.nodes);
  api.apply(std::move(effects));
}

void fail_interrupted_jobs(store::Session& db, store::TimePoint now) {
  store::Transaction transaction(db, store::system_actor(), now);
  for (auto& job : store::list_unfinished_jobs(db)) {
    fail(job, "interrupted", "The controller was stopped while it worked on this.");
    job.finished = now;
    store::update_media_job(transaction, job);
  }
  transaction.commit();
}

awaitable<Reply> upload_audio(Api& api, Call call) {
  Query query(call.request);
  store::MediaJob job;
  job.kind = "upload";
  job.source_name = query.text("filename", 255).value_or("");
  if (auto problem = query.finish()) co_return std::move(*problem);
  if (!call.request.file || call.request.file->size() == 0) co_return refused("empty_file", "There is nothing in this file.");
  auto shared = std::make_shared<Call>(std::move(call));
  job.source = shared->request.file->path().string();
  auto begun = co_await begin_in_store(api, shared, job);
  if (begun.has_error()) co_return begun.error();
  media::Source source = media::Upload{shared->request.file->release()};
  co_return co_await start(api, std::move(*begun), std::move(source));
}

awaitable<Reply> make_speech(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto voice = fields.text("voice", {1, 100});
  if (auto problem = fields.finish()) co_return std::move(*problem);
  const auto voices = co_await voices_of(api);
  if (std::none_of(voices.begin(), voices.end(), [&](const auto& one) { return one.id == voice; }))
    co_return refused("unknown_voice", "There is no voice \"" + voice + "\".", "/voice");
  store::MediaJob job;
  job.kind = "speech";
  job.source_name = voice;
  auto shared = std::make_shared<Call>(std::move(call));
  auto begun = co_await begin_in_store(api, std::move(shared), std::move(job));
  if (begun.has_error()) co_return begun.error();
  media::Speech speech;
  speech.text = begun->source;
  std::tie(speech.synthesizer, speech.voice) = parts_of(voice);
  media::Source source = std::move(speech);
  co_return co_await start(api, std::move(*begun), std::move(source));
}

awaitable<Reply> get_job(Api& api, Call call) {
  auto shared = std::make_shared<Call>(std::move(call));
  auto work = [shared](store::Session& db) -> http::Result<store::MediaJob> {
    Effects none;
    const StoreCall store_call{*shared, db, none};
    auto job = store::find_media_job(db, shared->parameter("id"));
    if (!job || guard(store_call, job->area)) return not_found("such job");
    return std::move(*job);
  };
  auto job = co_await api.store().run(std::move(work));
  if (job.has_error()) co_return job.error();
  const bool unfinished = job->state == store::JobState::queued || job->state == store::JobState::running;
  if (const auto live = unfinished ? api.hooks().find_job(job->id) : std::nullopt) {
    job->state = live->phase == media::JobState::Phase::running ? store::JobState::running : store::JobState::queued;
    job->percent = live->percent;
  }
  co_return json_response(api::job(*job));
}

awaitable<Reply> list_voices(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  const auto voices = co_await voices_of(api);
  co_return json_response(list_answer(voices, [](const auto& voice) {
    return json::object{{"id", voice.id}, {"name", voice.name}, {"language", voice.language}};
  }));
}

}  // namespace loa::api
