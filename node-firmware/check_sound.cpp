#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "node-firmware/check_probes.hpp"
#include "node-firmware/player_gst.hpp"

namespace loa::node {

using namespace std::chrono_literals;

namespace {

constexpr double kSilence = -60.0;  // dBFS; the chime lies 40 dB above

struct Sounded {
  std::optional<TrackStarted> started;
  std::optional<TrackEnded> ended;
};

/// Plays the beginning of `file` as the node would. Throws where the player cannot be made.
Sounded play(const Standing& standing, const std::filesystem::path& file, Millis length, int volume, std::chrono::milliseconds limit) {
  const auto& sink = standing.settings().sink;
  PlayerSettings settings;
  settings.sink = sink.kind == "wav" ? SinkKind::wav : sink.kind == "null" ? SinkKind::null : SinkKind::alsa;
  settings.device = sink.device;
  settings.wav = sink.file;
  if (settings.sink == SinkKind::wav) settings.wav += ".check";  // the node's own recording stays as it is
  settings.stall_limit = standing.settings().times.watch_stall;
  Sounded sounded;
  boost::asio::io_context loop;
  const auto work = boost::asio::make_work_guard(loop);
  const auto player = make_gst_player(loop.get_executor(), standing.clock(), settings,
                                      {[](TrackId) {}, [&](const TrackStarted& started) { sounded.started = started; },
                                       [&](const TrackEnded& ended) { sounded.ended = ended; }});
  Track track;
  track.id = 1;
  track.file = file;
  track.length = length;
  track.volume = volume;
  player->prepare(track);
  player->start_at(1, std::chrono::steady_clock::now() + 500ms);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!sounded.ended && loop.run_one_until(end) > 0) {}
  return sounded;
}

std::string device_name(const Standing& standing) {
  const auto& sink = standing.settings().sink;
  return sink.kind == "alsa" ? "\"" + sink.device + "\"" : sink.kind == "wav" ? sink.file.string() : "the null sink";
}

std::filesystem::path chime(const Standing& standing) { return standing.settings().stock_folder / "chime.opus"; }

std::optional<Finding> without_chime(const Standing& standing) {
  std::error_code none;
  if (std::filesystem::exists(chime(standing), none)) return std::nullopt;
  return Finding{false, fmt::format("{} is not there: install the package loa-stock, or set stock_folder in node.toml", chime(standing).string())};
}

Finding fault(const Standing& standing, const Sounded& sounded) {
  const auto why = !sounded.ended ? "it gives no sound and no error" : sounded.ended->detail.empty() ? sounded.ended->reason : sounded.ended->detail;
  return {false, fmt::format("{}: {}. Name a device of `aplay -L` in node.toml, [sink] device, and look whether another program has it (`fuser -v /dev/snd/*`)",
                             device_name(standing), why)};
}

bool heard(const Sounded& sounded, Millis least) { return sounded.ended && sounded.ended->how == TrackEnd::finished && sounded.ended->heard >= least; }

}  // namespace

Finding probe_device(Standing& standing) {
  if (standing.settings().sink.kind == "null") return {false, "node.toml sends the sound nowhere: set kind = \"alsa\" under [sink]"};
  if (auto missing = without_chime(standing)) return *missing;
  const auto sounded = play(standing, chime(standing), 300ms, 0, 8s);
  if (!heard(sounded, 250ms)) return fault(standing, sounded);
  const auto late = sounded.started ? sounded.started->error_us : 0;
  return {true, fmt::format("{} takes sound{}", device_name(standing), late > 50'000 ? fmt::format(", {} ms late", late / 1000) : "")};
}

Finding probe_amplifier(Standing& standing) {
  if (standing.silent()) return {true, "not tried (--silent)"};
  if (standing.settings().sink.kind == "null") return {false, "nothing to hear: node.toml sends the sound nowhere"};
  if (standing.plan() && standing.plan()->settings.mute) return {false, "the plan mutes this node, so the chime was not played: unmute it on the page, under its node"};
  if (auto missing = without_chime(standing)) return *missing;
  const int volume = standing.plan() ? standing.plan()->settings.volume : 100;
  const auto sounded = play(standing, chime(standing), 0ms, volume, 15s);
  if (!heard(sounded, 1s)) return fault(standing, sounded);
  const auto level = sounded.ended->level_dbfs.value_or(-120);
  if (level < kSilence) return {false, fmt::format("the chime left at {:.0f} dBFS, too quiet to hear: the plan's volume is {} %, raise it on the page", level, volume)};
  return {true, fmt::format("the chime was played at {:.0f} dBFS, volume {} %. If you did not hear it: the amplifier's power, its volume, the cable to it, the loudspeakers", level,
                            volume)};
}

}  // namespace loa::node
