#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "node-firmware/check_probes.hpp"
#include "node-firmware/player_gst.hpp"

namespace loa::node {

using namespace std::chrono_literals;

namespace {

constexpr double kSilence = -60.0;  // dBFS; the chime lies 40 dB above
constexpr TrackId kTrack = 1, kBeside = 2;
constexpr std::chrono::milliseconds kAhead{500};

struct Sounded {
  std::optional<TrackStarted> started;
  std::optional<TrackEnded> ended;
  std::optional<TrackEnded> beside;
};

/// What is to be played where.
struct Wanted {
  PlayerSettings output;
  std::filesystem::path file;
  Millis length{0};  ///< 0: all
  int volume = 100;
  std::chrono::milliseconds limit{};
  bool beside = false;  ///< once more at the same time, as the node opens what comes next while something still sounds
};

PlayerSettings main_output(const Standing& standing) {
  const auto& sink = standing.settings().sink;
  PlayerSettings output;
  output.sink = sink.kind == "wav" ? SinkKind::wav : sink.kind == "null" ? SinkKind::null : SinkKind::alsa;
  output.device = sink.device;
  output.wav = sink.file;
  if (output.sink == SinkKind::wav) output.wav += ".check";  // the node's own recording stays as it is
  output.stall_limit = standing.settings().times.watch_stall;
  return output;
}

PlayerSettings line_out(const Standing& standing) {
  PlayerSettings output;
  output.device = standing.settings().line_out.device;
  output.stall_limit = standing.settings().times.watch_stall;
  return output;
}

/// Plays the beginning of a file as the node would, and tells `amplifier` of it as the node tells it; null: nobody. An end by the keyboard leaves no
/// amplifier on. Throws where the player cannot be made.
Sounded play(const Standing& standing, const Wanted& wanted, CheckedAmplifier* amplifier = nullptr) {
  Sounded sounded;
  boost::asio::io_context loop;
  const auto work = boost::asio::make_work_guard(loop);
  boost::asio::steady_timer timer(loop);
  boost::asio::signal_set signals(loop);
  int broken_off = 0;
  edge::SoundOutlook outlook;
  const auto monotonic = [] { return Monotonic(std::chrono::steady_clock::now().time_since_epoch()); };
  std::function<void()> tell = [&] {
    if (!amplifier) return;
    if (outlook.next && *outlook.next <= monotonic()) outlook = {true, {}};
    const auto again = amplifier->expect(monotonic(), outlook);
    auto at = again.value_or(monotonic() + 1s);
    if (outlook.next) at = std::min(at, *outlook.next);
    timer.expires_at(std::chrono::steady_clock::time_point(at));
    timer.async_wait([&](const boost::system::error_code& error) {
      if (!error) tell();
    });
  };
  const auto player = make_gst_player(loop.get_executor(), standing.clock(), wanted.output,
                                      {[](TrackId) {},
                                       [&](const TrackStarted& started) {
                                         if (started.track == kBeside) return;
                                         sounded.started = started;
                                         if (amplifier) amplifier->began(monotonic(), kTrack);
                                       },
                                       [&](const TrackEnded& ended) {
                                         if (ended.track == kBeside) {
                                           sounded.beside = ended;
                                           return;
                                         }
                                         sounded.ended = ended;
                                         if (amplifier) amplifier->ended(monotonic(), kTrack, ended.level_dbfs);
                                         outlook = {};
                                         tell();
                                       }});
  if (amplifier) {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    signals.async_wait([&](const boost::system::error_code& error, int signal) {
      if (!error) broken_off = signal;
    });
  }
  auto ahead = kAhead;
  if (amplifier) ahead = std::max(ahead, amplifier->on_before() + std::chrono::milliseconds(100));
  const auto due = std::chrono::steady_clock::now() + ahead;
  player->prepare({kTrack, wanted.file, Millis(0), wanted.length, wanted.volume});
  player->start_at(kTrack, due);
  if (wanted.beside) {
    player->prepare({kBeside, wanted.file, Millis(0), wanted.length, wanted.volume});
    player->start_at(kBeside, due);
  }
  outlook.next = due.time_since_epoch();
  tell();
  const auto end = std::chrono::steady_clock::now() + ahead + wanted.limit;
  while ((!sounded.ended || (wanted.beside && !sounded.beside)) && !broken_off && loop.run_one_until(end) > 0) {}
  if (amplifier) {
    const auto off = std::chrono::steady_clock::now() + amplifier->off_after();
    while (!broken_off && loop.run_one_until(off) > 0) {}
    amplifier->off();
  }
  if (broken_off) {
    std::signal(broken_off, SIG_DFL);
    std::raise(broken_off);
  }
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

std::string words_of(const Sounded& sounded) {
  return !sounded.ended ? "it gives no sound and no error" : sounded.ended->detail.empty() ? sounded.ended->reason : sounded.ended->detail;
}

Finding fault(const std::string& device, const char* table, const Sounded& sounded) {
  return {false, fmt::format("{}: {}. Name a device of `aplay -L` in node.toml, [{}] device, and look whether another program has it (`fuser -v /dev/snd/*`)",
                             device, words_of(sounded), table)};
}

bool heard(const Sounded& sounded, Millis least) { return sounded.ended && sounded.ended->how == TrackEnd::finished && sounded.ended->heard >= least; }

/// What plays through the mixer of the same card, for what names the card itself: `hw:0,0`, `plughw:CARD=Device`.
std::string mixed(const std::string& device) {
  for (const std::string_view bare : {"hw:", "plughw:", "sysdefault:", "front:"})
    if (device.starts_with(bare)) return "dmix:" + device.substr(bare.size());
  return "default";
}

/// One that takes a single sound is found out: the next one is opened while one still sounds, an alert over a broadcast, and would come late or not at all.
std::optional<Finding> output_fault(const Standing& standing, const PlayerSettings& output, const std::string& name, const char* table, std::int64_t* late = nullptr) {
  const auto alone = play(standing, {output, chime(standing), 300ms, 0, 8s});
  if (!heard(alone, 250ms)) return fault(name, table, alone);
  if (late && alone.started) *late = alone.started->error_us;
  if (output.sink != SinkKind::alsa) return std::nullopt;
  const auto two = play(standing, {output, chime(standing), 300ms, 0, 8s, true});
  if (heard(two, 250ms) && two.beside && two.beside->how == TrackEnd::finished) return std::nullopt;
  const auto& failed = two.beside && two.beside->how != TrackEnd::finished ? two.beside : two.ended;
  return Finding{false, fmt::format("{} takes only one sound at a time ({}), and an alert could not sound over a broadcast. Name one that mixes: device = \"{}\" under [{}] in node.toml",
                                    name, failed ? failed->detail.empty() ? failed->reason : failed->detail : "the second one gives no sound and no error", mixed(output.device), table)};
}

/// What is wrong with relay, fault line, line-in or current; nothing where all of them agree that the amplifier sounds.
std::optional<Finding> amplifier_fault(const Standing& standing, const CheckedAmplifier& amplifier) {
  const auto trouble = amplifier.trouble();
  if (trouble.empty()) return std::nullopt;
  bool running = false;
  (void)standing.lock(&running);
  if (running && amplifier.switches())
    return Finding{false, fmt::format("the node that runs holds its relay, so that it stayed off ({}): `systemctl stop loa-node`, check again, then start it; or order a self-test on the page", trouble)};
  return Finding{false, trouble};
}

}  // namespace

Finding probe_device(Standing& standing) {
  if (standing.settings().sink.kind == "null") return {false, "node.toml sends the sound nowhere: set kind = \"alsa\" under [sink]"};
  if (auto missing = without_chime(standing)) return *missing;
  std::int64_t late = 0;
  if (auto wrong = output_fault(standing, main_output(standing), device_name(standing), "sink", &late)) return *wrong;
  auto words = fmt::format("{} takes sound{}", device_name(standing), late > 50'000 ? fmt::format(", {} ms late", late / 1000) : "");
  const auto& second = standing.settings().line_out.device;
  if (second.empty()) return {true, words};
  if (auto wrong = output_fault(standing, line_out(standing), fmt::format("{}; the line-out \"{}\"", words, second), "line_out")) return *wrong;
  return {true, fmt::format("{}, the line-out \"{}\" too", words, second)};
}

Finding probe_amplifier(Standing& standing) {
  if (standing.silent()) return {true, "not tried (--silent)"};
  if (standing.settings().sink.kind == "null") return {false, "nothing to hear: node.toml sends the sound nowhere"};
  if (standing.plan() && standing.plan()->settings.mute) return {false, "the plan mutes this node, so the chime was not played: unmute it on the page, under its node"};
  if (auto missing = without_chime(standing)) return *missing;
  const int volume = standing.plan() ? standing.plan()->settings.volume : 100;
  auto& amplifier = standing.amplifier();
  amplifier.open(standing.settings().edge);
  const auto sounded = play(standing, {main_output(standing), chime(standing), 0ms, volume, 15s}, &amplifier);
  if (!heard(sounded, 1s)) return fault(device_name(standing), "sink", sounded);
  const auto level = sounded.ended->level_dbfs.value_or(-120);
  if (level < kSilence) return {false, fmt::format("the chime left at {:.0f} dBFS, too quiet to hear: the plan's volume is {} %, raise it on the page", level, volume)};
  if (auto wrong = amplifier_fault(standing, amplifier)) return *wrong;
  return {true, fmt::format("the chime was played at {:.0f} dBFS, volume {} %{}. If you did not hear it: the amplifier's power, its volume, the cable to it, the loudspeakers", level,
                            volume, amplifier.account())};
}

}  // namespace loa::node
