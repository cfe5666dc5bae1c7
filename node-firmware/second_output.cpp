#include "node-firmware/second_output.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace loa::node {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 200ms;
constexpr auto kAhead = 400ms;      // what a run that begins in mid-track needs to open and to start its device
constexpr auto kSameLine = 100ms;   // two tracks of one clip that are nearer to each other are one sound
constexpr auto kDrain = 2s;         // for the end of what the main output has heard to its end

SteadyTime now_steady() { return std::chrono::steady_clock::now(); }

/// When the clip's beginning would have sounded.
SteadyTime line_of(const Track& track, SteadyTime due) { return due - track.offset; }

}  // namespace

SecondOutput::SecondOutput(boost::asio::any_io_executor executor, const MakePlayer& make)
    : timer_(executor), player_(make(executor, {[](TrackId) {},
                                                [this](const TrackStarted&) {
                                                  if (!trouble_.empty()) spdlog::info("line-out: it sounds again");
                                                  trouble_.clear();
                                                },
                                                [this](const TrackEnded& ended) { on_ended(ended); }})) {}

SecondOutput::Voice* SecondOutput::find(TrackId track) {
  const auto found = voices_.find(track);
  return found == voices_.end() ? nullptr : &found->second;
}

void SecondOutput::prepare(const Track& track) {
  auto& voice = voices_[track.id];
  voice = {};
  voice.track = track;
  look_later();
  // What may be the same sound once more is looked at when its time is known.
  const bool alone = std::any_of(voices_.begin(), voices_.end(), [](const auto& entry) { return entry.second.until && entry.second.run != 0; });
  if (!alone) begin(voice);
}

void SecondOutput::start_at(TrackId track, SteadyTime due, std::optional<SteadyTime> asked) {
  auto* voice = find(track);
  if (!voice || voice->over) return;
  const auto now = now_steady();
  voice->due = due;
  if (asked && now - *asked > kSameLine && now > due) {
    voice->due = std::max(due, *asked);  // when the main output began
    voice->began = true;
    if (voice->run != 0) player_->stop(std::exchange(voice->run, 0));
  }
  if (voice->run != 0) {
    player_->start_at(voice->run, due + voice->shift);
    voice->began = true;
    return;
  }
  if (adopt(track, *voice)) return;
  for (auto& [id, other] : voices_)
    if (other.until && id != track) other.until = std::min(*other.until, due);
  begin(*voice);
}

/// Goes on with the run of a track whose main output failed, where it is the same sound at the same place.
bool SecondOutput::adopt(TrackId track, Voice& voice) {
  for (auto& [id, other] : voices_) {
    if (id == track || !other.until || other.run == 0 || !other.due) continue;
    const bool same = voice.track.stream ? other.track.stream == voice.track.stream : other.track.file == voice.track.file;
    if (!same || (!voice.track.stream && std::chrono::abs(line_of(other.track, *other.due) - line_of(voice.track, *voice.due)) > kSameLine)) continue;
    voice.run = std::exchange(other.run, 0);
    voice.shift = std::chrono::duration_cast<Millis>(*other.due + other.shift - *voice.due);
    voice.began = true;
    other.over = true;
    player_->set_volume(voice.run, voice.track.volume);
    return true;
  }
  return false;
}

void SecondOutput::begin(Voice& voice) {
  Track run = voice.track;
  run.id = ++last_run_;
  run.echo = run.stream != nullptr;
  voice.shift = Millis(0);
  const auto now = now_steady();
  // The first time it begins as the main output does, late where that is told late; afterwards where the sound is by then.
  if (voice.due && voice.began && !run.stream && now + kAhead > *voice.due) {
    voice.shift = std::chrono::ceil<Millis>(now + kAhead - *voice.due);
    run.offset += voice.shift;
    if (run.length > Millis(0)) run.length -= voice.shift;
    if (voice.track.length > Millis(0) && run.length <= Millis(0)) {
      voice.over = true;
      return;
    }
  }
  voice.run = run.id;
  player_->prepare(run);
  if (!voice.due) return;
  voice.began = true;
  player_->start_at(run.id, std::max(*voice.due + voice.shift, now));
}

void SecondOutput::stop(TrackId track) {
  auto* voice = find(track);
  if (!voice) return;
  voice->over = true;
  if (voice->run != 0) player_->stop(voice->run);
}

void SecondOutput::stop_all() {
  for (auto& [id, voice] : voices_) {
    stop(id);
    voice.until = now_steady() + kDrain;
  }
}

void SecondOutput::set_volume(TrackId track, int percent) {
  auto* voice = find(track);
  if (!voice) return;
  voice->track.volume = percent;
  if (voice->run != 0) player_->set_volume(voice->run, percent);
}

void SecondOutput::main_ended(const TrackEnded& ended) {
  auto* voice = find(ended.track);
  if (!voice) return;
  const auto now = now_steady();
  if (ended.how == TrackEnd::failed && ended.fault == TrackFault::device && voice->due && !voice->over) {
    voice->until = now + kAlone;
  } else if (ended.how == TrackEnd::finished) {
    voice->over = true;
    voice->until = now + kDrain;
  } else {
    stop(ended.track);
    voice->until = now + kDrain;
  }
}

void SecondOutput::on_ended(const TrackEnded& ended) {
  const auto found = std::find_if(voices_.begin(), voices_.end(), [&](const auto& entry) { return entry.second.run == ended.track; });
  if (found == voices_.end()) return;
  auto& voice = found->second;
  voice.run = 0;
  const bool worth_another = ended.how == TrackEnd::failed && (ended.fault == TrackFault::device || ended.fault == TrackFault::behind);
  if (!worth_another) {
    voice.over = true;
    return;
  }
  if (ended.detail != trouble_) spdlog::error("line-out: {}: {}; it is tried again each {} s", ended.reason, ended.detail, kTryAgain.count());
  trouble_ = ended.detail.empty() ? ended.reason : ended.detail;
  voice.again = now_steady() + kTryAgain;
  if (voice.due && *voice.due > now_steady()) voice.again = std::min(voice.again, *voice.due);  // a device of one client is free by then
}

void SecondOutput::look() {
  const auto now = now_steady();
  std::vector<TrackId> gone;
  for (auto& [id, voice] : voices_) {
    if (voice.until && now >= *voice.until) {
      if (voice.run != 0) player_->stop(voice.run);
      gone.push_back(id);
    } else if (voice.until && voice.over && voice.run == 0) {
      gone.push_back(id);
    } else if (voice.run == 0 && !voice.over && now >= voice.again && (voice.due || voice.again != SteadyTime{})) {
      if (voice.due && *voice.due <= now) voice.began = true;
      begin(voice);
    }
  }
  for (const auto id : gone) voices_.erase(id);
}

void SecondOutput::look_later() {
  if (std::exchange(looking_, true)) return;
  timer_.expires_after(kLook);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    looking_ = false;
    look();
    if (!voices_.empty()) look_later();
  });
}

}  // namespace loa::node
