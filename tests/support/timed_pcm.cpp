// ALSA's side of TimedPcm: a module that alsa-lib loads, in the process that plays.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "tests/support/paced_pcm.hpp"

namespace {

using Steady = std::chrono::steady_clock;

struct TimedPcm {
  snd_pcm_ioplug_t io{};
  std::string folder;
  long start_delay_us = 0;  ///< from snd_pcm_start to the first frame, as a mixer has that waits for its period
  long step = 1;            ///< frames by which the pointer moves
  long extra_delay = 0;     ///< frames that lie behind the pointer, told by snd_pcm_delay
  long ppm = 0;             ///< how much faster than CLOCK_MONOTONIC it plays
  int timer = -1;
  bool running = false;
  Steady::time_point start;           ///< when frame 0 leaves the pointer
  std::deque<std::int16_t> samples;   ///< the first channel of all since prepare(); grows without a pause, also by an hour
};

TimedPcm& of(snd_pcm_ioplug_t* io) { return *static_cast<TimedPcm*>(io->private_data); }

std::int64_t played(const TimedPcm& pcm) {
  if (!pcm.running) return 0;
  const double seconds = std::chrono::duration<double>(Steady::now() - pcm.start).count() * (1 + static_cast<double>(pcm.ppm) * 1e-6);
  const auto frames = std::max<std::int64_t>(0, static_cast<std::int64_t>(seconds * pcm.io.rate));
  return frames / pcm.step * pcm.step;
}

/// Writes what left the device as `folder`/NUMBER.pcm: when its first frame was heard (ns of CLOCK_MONOTONIC), the
/// rate, by how many ppm it is faster, the samples.
void keep(TimedPcm& pcm) {
  static std::atomic<int> number{0};
  pcm.samples.resize(std::min<std::size_t>(pcm.samples.size(), static_cast<std::size_t>(played(pcm))));
  if (!pcm.running || pcm.samples.empty()) return;
  const std::string name = pcm.folder + "/" + std::to_string(::getpid()) + "-" + std::to_string(++number);
  std::FILE* file = std::fopen((name + ".new").c_str(), "wb");
  if (!file) return;
  const std::int64_t head[3] = {
      std::chrono::duration_cast<std::chrono::nanoseconds>(pcm.start.time_since_epoch()).count() + pcm.extra_delay * 1'000'000'000 / pcm.io.rate,
      pcm.io.rate, pcm.ppm};
  std::fwrite(head, sizeof head, 1, file);
  for (const std::int16_t sample : pcm.samples) std::fwrite(&sample, sizeof sample, 1, file);
  std::fclose(file);
  std::rename((name + ".new").c_str(), (name + ".pcm").c_str());
}

int on_prepare(snd_pcm_ioplug_t* io) {
  TimedPcm& pcm = of(io);
  keep(pcm);  // after an underrun: what was heard before it
  pcm.samples.clear();
  pcm.running = false;
  return 0;
}

int on_start(snd_pcm_ioplug_t* io) {
  TimedPcm& pcm = of(io);
  pcm.start = Steady::now() + std::chrono::microseconds(pcm.start_delay_us);
  pcm.running = true;
  return 0;
}

int on_stop(snd_pcm_ioplug_t* io) {
  TimedPcm& pcm = of(io);
  keep(pcm);
  pcm.running = false;
  return 0;
}

snd_pcm_sframes_t on_pointer(snd_pcm_ioplug_t* io) {
  TimedPcm& pcm = of(io);
  const std::int64_t frames = played(pcm);
  if (frames > static_cast<std::int64_t>(pcm.samples.size())) return -EPIPE;
  return static_cast<snd_pcm_sframes_t>(frames % static_cast<std::int64_t>(io->buffer_size));
}

int on_delay(snd_pcm_ioplug_t* io, snd_pcm_sframes_t* delay) {
  TimedPcm& pcm = of(io);
  *delay = static_cast<snd_pcm_sframes_t>(static_cast<std::int64_t>(pcm.samples.size()) - played(pcm) + pcm.extra_delay);
  return 0;
}

snd_pcm_sframes_t on_transfer(snd_pcm_ioplug_t* io, const snd_pcm_channel_area_t* areas, snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  TimedPcm& pcm = of(io);
  const auto* data = reinterpret_cast<const std::int16_t*>(static_cast<const char*>(areas[0].addr) + areas[0].first / 8);
  for (snd_pcm_uframes_t i = 0; i < size; ++i) pcm.samples.push_back(data[(offset + i) * (areas[0].step / 16)]);
  return static_cast<snd_pcm_sframes_t>(size);
}

int on_close(snd_pcm_ioplug_t* io) {
  TimedPcm* pcm = &of(io);
  keep(*pcm);
  ::close(pcm->timer);
  delete pcm;
  return 0;
}

int on_revents(snd_pcm_ioplug_t* io, struct pollfd* fds, unsigned int count, unsigned short* revents) {
  loa::tests::take_ticks(fds, count);
  const bool room = io->state != SND_PCM_STATE_RUNNING ||
                    static_cast<std::int64_t>(of(io).samples.size()) - played(of(io)) <= static_cast<std::int64_t>(io->buffer_size - io->period_size);
  *revents = room ? POLLOUT : 0;
  return 0;
}

const snd_pcm_ioplug_callback_t kCallbacks = [] {
  snd_pcm_ioplug_callback_t calls{};
  calls.start = on_start;
  calls.stop = on_stop;
  calls.pointer = on_pointer;
  calls.transfer = on_transfer;
  calls.close = on_close;
  calls.prepare = on_prepare;
  calls.poll_revents = on_revents;
  calls.delay = on_delay;
  return calls;
}();

}  // namespace

extern "C" {
SND_PCM_PLUGIN_DEFINE_FUNC(timed) {
  (void)root;
  auto* pcm = new TimedPcm;
  long rate = 48000;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t* entry = snd_config_iterator_entry(i);
    const char* id = nullptr;
    if (snd_config_get_id(entry, &id) < 0) continue;
    const std::string key = id;
    const char* text = nullptr;
    if (key == "folder" && snd_config_get_string(entry, &text) == 0) pcm->folder = text;
    if (key == "start_delay_us") snd_config_get_integer(entry, &pcm->start_delay_us);
    if (key == "step") snd_config_get_integer(entry, &pcm->step);
    if (key == "extra_delay") snd_config_get_integer(entry, &pcm->extra_delay);
    if (key == "ppm") snd_config_get_integer(entry, &pcm->ppm);
    if (key == "rate") snd_config_get_integer(entry, &rate);
  }
  pcm->timer = loa::tests::pace(pcm->io);
  pcm->io.name = "Loa's timed PCM";
  pcm->io.callback = &kCallbacks;
  pcm->io.private_data = pcm;
  int error = snd_pcm_ioplug_create(&pcm->io, name, stream, mode);
  if (error == 0) error = loa::tests::limit(pcm->io, 1, 2, static_cast<unsigned>(rate));
  *pcmp = pcm->io.pcm;
  return error;
}
SND_PCM_PLUGIN_SYMBOL(timed);
}
