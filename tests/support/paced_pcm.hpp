#pragma once
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <alsa/pcm_ioplug.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>

// What the tests' sound devices have in common: modules that alsa-lib loads (an ioplug of 16-bit samples), which look at their own time each millisecond.
namespace loa::tests {

/// Makes the timer that wakes whoever waits for the device, and has `io` polled by it. The caller closes the descriptor given.
inline int pace(snd_pcm_ioplug_t& io) {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const itimerspec each_ms{{0, 1'000'000}, {0, 1'000'000}};
  ::timerfd_settime(timer, 0, &each_ms, nullptr);
  io.version = SND_PCM_IOPLUG_VERSION;
  io.poll_fd = timer;
  io.poll_events = POLLIN;
  io.mmap_rw = 0;
  return timer;
}

/// In poll_revents: takes what the timer counted, so that it is not readable until the next millisecond.
inline void take_ticks(const pollfd* fds, unsigned count) {
  std::uint64_t ticks = 0;
  if (count > 0 && (fds[0].revents & POLLIN)) (void)!::read(fds[0].fd, &ticks, sizeof ticks);
}

/// What the device takes: interleaved S16LE of least..most channels at `rate`, 2 to 64 periods of 64 to 65,536 bytes. A negative error of ALSA, or 0.
inline int limit(snd_pcm_ioplug_t& io, unsigned least_channels, unsigned most_channels, unsigned rate) {
  const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED};
  const unsigned format[] = {SND_PCM_FORMAT_S16_LE};
  int error = snd_pcm_ioplug_set_param_list(&io, SND_PCM_IOPLUG_HW_ACCESS, 1, access);
  if (error == 0) error = snd_pcm_ioplug_set_param_list(&io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
  if (error == 0) error = snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_CHANNELS, least_channels, most_channels);
  if (error == 0) error = snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_RATE, rate, rate);
  if (error == 0) error = snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
  if (error == 0) error = snd_pcm_ioplug_set_param_minmax(&io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 65536);
  return error;
}

}  // namespace loa::tests
