// ALSA's side of EarPcm: a module that alsa-lib loads, in the process that listens.
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>

#include "tests/support/paced_pcm.hpp"

namespace {

using Steady = std::chrono::steady_clock;

struct EarPcm {
  snd_pcm_ioplug_t io{};
  std::string file;      ///< holds the amplitude that is heard, 0..1; absent: the device is gone
  int timer = -1;
  bool running = false;
  Steady::time_point start;
  std::int64_t given = 0;  ///< frames that were handed over
  double amplitude = 0;
  Steady::time_point looked;
};

EarPcm& of(snd_pcm_ioplug_t* io) { return *static_cast<EarPcm*>(io->private_data); }

std::int64_t heard(const EarPcm& pcm) {
  if (!pcm.running) return 0;
  return static_cast<std::int64_t>(std::chrono::duration<double>(Steady::now() - pcm.start).count() * pcm.io.rate);
}

/// False: the device is gone.
bool look(EarPcm& pcm) {
  if (Steady::now() - pcm.looked < std::chrono::milliseconds(20)) return true;
  pcm.looked = Steady::now();
  std::ifstream in(pcm.file);
  return static_cast<bool>(in >> pcm.amplitude);
}

int on_start(snd_pcm_ioplug_t* io) {
  EarPcm& pcm = of(io);
  pcm.start = Steady::now();
  pcm.given = 0;
  pcm.running = true;
  return 0;
}

int on_stop(snd_pcm_ioplug_t* io) {
  of(io).running = false;
  return 0;
}

snd_pcm_sframes_t on_pointer(snd_pcm_ioplug_t* io) {
  EarPcm& pcm = of(io);
  if (!look(pcm)) return -ENODEV;
  const auto frames = heard(pcm);
  if (frames - pcm.given > static_cast<std::int64_t>(io->buffer_size)) return -EPIPE;
  return static_cast<snd_pcm_sframes_t>(frames % static_cast<std::int64_t>(io->buffer_size));
}

snd_pcm_sframes_t on_transfer(snd_pcm_ioplug_t* io, const snd_pcm_channel_area_t* areas, snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  EarPcm& pcm = of(io);
  for (snd_pcm_uframes_t i = 0; i < size; ++i) {
    const double wave = std::sin(2 * M_PI * 440 * static_cast<double>(pcm.given + static_cast<std::int64_t>(i)) / io->rate);
    for (unsigned channel = 0; channel < io->channels; ++channel) {
      const auto& area = areas[channel];
      auto* data = reinterpret_cast<std::int16_t*>(static_cast<char*>(area.addr) + area.first / 8 + (offset + i) * (area.step / 8));
      *data = static_cast<std::int16_t>(channel == 0 ? 0 : 32767 * pcm.amplitude * wave);  // wired to one side, as line-ins are
    }
  }
  pcm.given += static_cast<std::int64_t>(size);
  return static_cast<snd_pcm_sframes_t>(size);
}

int on_close(snd_pcm_ioplug_t* io) {
  EarPcm* pcm = &of(io);
  ::close(pcm->timer);
  delete pcm;
  return 0;
}

int on_revents(snd_pcm_ioplug_t* io, struct pollfd* fds, unsigned int count, unsigned short* revents) {
  loa::tests::take_ticks(fds, count);
  *revents = heard(of(io)) - of(io).given >= static_cast<std::int64_t>(io->period_size) ? POLLIN : 0;
  return 0;
}

const snd_pcm_ioplug_callback_t kCallbacks = [] {
  snd_pcm_ioplug_callback_t calls{};
  calls.start = on_start;
  calls.stop = on_stop;
  calls.pointer = on_pointer;
  calls.transfer = on_transfer;
  calls.close = on_close;
  calls.poll_revents = on_revents;
  return calls;
}();

}  // namespace

extern "C" {
SND_PCM_PLUGIN_DEFINE_FUNC(ear) {
  (void)root;
  auto* pcm = new EarPcm;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t* entry = snd_config_iterator_entry(i);
    const char* id = nullptr;
    const char* text = nullptr;
    if (snd_config_get_id(entry, &id) == 0 && std::string(id) == "file" && snd_config_get_string(entry, &text) == 0) pcm->file = text;
  }
  if (stream != SND_PCM_STREAM_CAPTURE || !look(*pcm)) {
    delete pcm;
    return -ENODEV;
  }
  pcm->timer = loa::tests::pace(pcm->io);
  pcm->io.name = "Loa's ear";
  pcm->io.callback = &kCallbacks;
  pcm->io.private_data = pcm;
  int error = snd_pcm_ioplug_create(&pcm->io, name, stream, mode);
  if (error == 0) error = loa::tests::limit(pcm->io, 2, 2, 48000);
  *pcmp = pcm->io.pcm;
  return error;
}
SND_PCM_PLUGIN_SYMBOL(ear);
}
