// ALSA's side of BadPcm: a sound device that plays at CLOCK_MONOTONIC's pace, writes what it lets be heard to its folder as it goes, and has the
// fault that the folder's file `fault` names at that moment: vanish, busy, hang, hang-close, hang-start, hang-delay, block or underrun.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/paced_pcm.hpp"

namespace {

using Steady = std::chrono::steady_clock;

std::atomic<int> g_open{0};  // in this process

constexpr std::int64_t kHead = 16;  // bytes: ns of CLOCK_MONOTONIC at frame 0, rate

struct BadPcm {
  snd_pcm_ioplug_t io{};
  std::string folder;
  long ppm = 0;
  int timer = -1;
  int file = -1;
  bool running = false;
  std::int64_t written = 0;  ///< frames since prepare()
  std::int64_t held_at = -1; ///< frames played when it began to stand still
  std::int64_t file_from = 0;  ///< the frame with which the file begins
  std::int64_t underrun_seen = 0;
  Steady::time_point start;
  std::vector<std::int16_t> before;  ///< what came before the start
};

BadPcm& of(snd_pcm_ioplug_t* io) { return *static_cast<BadPcm*>(io->private_data); }

/// The fault of this moment; `stamp`: when it was ordered.
std::string fault(const std::string& folder, std::int64_t* stamp = nullptr) {
  const int fd = ::open((folder + "/fault").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char word[32] = {};
  const auto got = ::read(fd, word, sizeof word - 1);
  struct stat info {};
  if (stamp && ::fstat(fd, &info) == 0) *stamp = info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
  ::close(fd);
  return got > 0 ? word : "";
}

std::int64_t played(const BadPcm& pcm) {
  if (!pcm.running) return 0;
  if (pcm.held_at >= 0) return pcm.held_at;
  const double seconds = std::chrono::duration<double>(Steady::now() - pcm.start).count() * (1 + static_cast<double>(pcm.ppm) * 1e-6);
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(seconds * pcm.io.rate));
}

void end_file(BadPcm& pcm) {
  if (pcm.file < 0) return;
  const auto heard = std::min(pcm.written, played(pcm)) - pcm.file_from;
  (void)!::ftruncate(pcm.file, kHead + std::max<std::int64_t>(heard, 0) * 2);
  ::close(pcm.file);
  pcm.file = -1;
}

/// `frame` is heard now.
void begin_file(BadPcm& pcm, std::int64_t frame) {
  static std::atomic<int> number{0};
  const std::string name = pcm.folder + "/" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".pcm";
  pcm.file = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  pcm.file_from = frame;
  const std::int64_t head[2] = {std::chrono::duration_cast<std::chrono::nanoseconds>(Steady::now().time_since_epoch()).count(), pcm.io.rate};
  (void)!::write(pcm.file, head, sizeof head);
  (void)!::write(pcm.file, pcm.before.data(), pcm.before.size() * 2);
  pcm.before.clear();
}

/// Stands still while it is told to, and goes on from there: what it had and had not played comes that much later, in a file of its own.
void stand_or_go_on(BadPcm& pcm, bool blocked) {
  if (blocked) {
    if (pcm.held_at < 0) pcm.held_at = played(pcm);
    return;
  }
  if (pcm.held_at < 0) return;
  const auto at = std::min(pcm.held_at, pcm.written);
  pcm.before.resize(static_cast<std::size_t>(pcm.written - at));
  if (pcm.file >= 0) (void)!::pread(pcm.file, pcm.before.data(), pcm.before.size() * 2, kHead + (at - pcm.file_from) * 2);
  end_file(pcm);
  pcm.held_at = -1;
  if (!pcm.running) return;
  pcm.start = Steady::now() - std::chrono::nanoseconds(at * 1'000'000'000 / pcm.io.rate);
  begin_file(pcm, at);
}

/// Does not return while it is told so.
void hang(const std::string& folder, const char* word) {
  while (fault(folder) == word) ::usleep(10'000);
}

int on_prepare(snd_pcm_ioplug_t* io) {
  BadPcm& pcm = of(io);
  if (fault(pcm.folder) == "vanish") return -ENODEV;
  end_file(pcm);
  pcm.before.clear();
  pcm.written = 0;
  pcm.held_at = -1;
  pcm.running = false;
  return 0;
}

int on_start(snd_pcm_ioplug_t* io) {
  BadPcm& pcm = of(io);
  if (fault(pcm.folder) == "vanish") return -ENODEV;
  hang(pcm.folder, "hang-start");
  pcm.start = Steady::now();
  pcm.held_at = -1;
  pcm.running = true;
  begin_file(pcm, 0);
  return 0;
}

int on_stop(snd_pcm_ioplug_t* io) {
  BadPcm& pcm = of(io);
  end_file(pcm);
  pcm.running = false;
  return 0;
}

snd_pcm_sframes_t on_pointer(snd_pcm_ioplug_t* io) {
  BadPcm& pcm = of(io);
  std::int64_t stamp = 0;
  const auto now = fault(pcm.folder, &stamp);
  if (now == "vanish") return -ENODEV;
  stand_or_go_on(pcm, now == "block");
  if (now == "underrun" && pcm.running && stamp != pcm.underrun_seen) {
    pcm.underrun_seen = stamp;
    return -EPIPE;
  }
  const std::int64_t frames = played(pcm);
  if (frames > pcm.written) return -EPIPE;
  return static_cast<snd_pcm_sframes_t>(frames % static_cast<std::int64_t>(io->buffer_size));
}

int on_delay(snd_pcm_ioplug_t* io, snd_pcm_sframes_t* delay) {
  BadPcm& pcm = of(io);
  hang(pcm.folder, "hang-delay");
  *delay = static_cast<snd_pcm_sframes_t>(pcm.written - played(pcm));
  return 0;
}

snd_pcm_sframes_t on_transfer(snd_pcm_ioplug_t* io, const snd_pcm_channel_area_t* areas, snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  BadPcm& pcm = of(io);
  if (fault(pcm.folder) == "vanish") return -ENODEV;
  const auto* data = reinterpret_cast<const std::int16_t*>(static_cast<const char*>(areas[0].addr) + areas[0].first / 8);
  std::vector<std::int16_t> samples(size);
  for (snd_pcm_uframes_t i = 0; i < size; ++i) samples[i] = data[(offset + i) * (areas[0].step / 16)];
  if (pcm.file >= 0) (void)!::write(pcm.file, samples.data(), samples.size() * 2);
  else pcm.before.insert(pcm.before.end(), samples.begin(), samples.end());
  pcm.written += static_cast<std::int64_t>(size);
  return static_cast<snd_pcm_sframes_t>(size);
}

int on_close(snd_pcm_ioplug_t* io) {
  BadPcm* pcm = &of(io);
  hang(pcm->folder, "hang-close");
  --g_open;
  end_file(*pcm);
  ::close(pcm->timer);
  delete pcm;
  return 0;
}

int on_revents(snd_pcm_ioplug_t* io, struct pollfd* fds, unsigned int count, unsigned short* revents) {
  BadPcm& pcm = of(io);
  loa::tests::take_ticks(fds, count);
  const auto now = fault(pcm.folder);
  if (now == "vanish") {
    *revents = POLLERR;
    return -ENODEV;
  }
  stand_or_go_on(pcm, now == "block");
  const bool room = io->state != SND_PCM_STATE_RUNNING ||
                    pcm.written - played(pcm) <= static_cast<std::int64_t>(io->buffer_size - io->period_size);
  *revents = room && now != "block" ? POLLOUT : 0;
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
SND_PCM_PLUGIN_DEFINE_FUNC(bad) {
  (void)root;
  std::string folder;
  long ppm = 0;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t* entry = snd_config_iterator_entry(i);
    const char* id = nullptr;
    const char* text = nullptr;
    if (snd_config_get_id(entry, &id) < 0) continue;
    if (std::string(id) == "folder" && snd_config_get_string(entry, &text) == 0) folder = text;
    if (std::string(id) == "ppm") snd_config_get_integer(entry, &ppm);
  }
  hang(folder, "hang");
  if (const auto now = fault(folder); now == "vanish") return -ENODEV;
  else if (now == "busy" || (now == "single" && g_open > 0)) return -EBUSY;
  auto* pcm = new BadPcm;
  pcm->folder = folder;
  pcm->ppm = ppm;
  pcm->timer = loa::tests::pace(pcm->io);
  pcm->io.name = "Loa's bad PCM";
  pcm->io.callback = &kCallbacks;
  pcm->io.private_data = pcm;
  int error = snd_pcm_ioplug_create(&pcm->io, name, stream, mode);
  if (error == 0) error = loa::tests::limit(pcm->io, 1, 2, 48000);
  if (error == 0) ++g_open;
  *pcmp = pcm->io.pcm;
  return error;
}
SND_PCM_PLUGIN_SYMBOL(bad);
}
