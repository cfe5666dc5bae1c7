#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <numbers>

#include "node-firmware/drift_control.hpp"
#include "node-firmware/player_gst.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/timed_pcm.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::DriftControl;
using node::SteadyTime;

namespace {

constexpr int kHertz = 440;
constexpr std::size_t kWindow = 480;  // 10 ms

/// A sine as it was heard: how far from its time it was, and whether anything else than a sine was in it.
struct Judged {
  double worst_ms = 0;     ///< the most that it was early or late, whenever
  double end_ms = 0;       ///< early (+) or late at its end
  double worst_at = 0;     ///< seconds from its beginning, of the next
  double residual_db = -200;  ///< of the worst 10 ms: what is left of them when the best sine is taken away, against that sine
  double second_difference = 1;  ///< the largest between neighbouring samples, against that of the sine: a skipped sample makes it 17
};

/// Goes through the stream by windows, with the phase of the sine in each: by it the sound's time is known to some µs, from the first window on,
/// which is taken for right.
Judged judge(const tests::HeardStream& stream) {
  Judged judged;
  const auto [from, to] = stream.loud();
  const double rate = static_cast<double>(stream.rate) * (1 + static_cast<double>(stream.ppm) * 1e-6);
  const double omega = 2 * std::numbers::pi * kHertz / rate;
  double first = 0, before = 0, turns = 0, amplitude = 0, largest = 0;
  const std::size_t begin = from + 2 * kWindow;  // the codec's own beginning and end are no sine
  for (std::size_t at = begin; at + 3 * kWindow < to; at += kWindow) {
    double a = 0, b = 0, cc = 0, ss = 0, cs = 0, energy = 0;
    for (std::size_t i = at; i < at + kWindow; ++i) {
      const double angle = omega * static_cast<double>(i - begin), c = std::cos(angle), s = std::sin(angle), x = stream.samples[i];
      a += x * c, b += x * s, cc += c * c, ss += s * s, cs += c * s, energy += x * x;
      largest = std::max(largest, std::abs(double(stream.samples[i + 1]) - 2 * x + double(stream.samples[i - 1])));
    }
    const double det = cc * ss - cs * cs, p = (a * ss - b * cs) / det, q = (b * cc - a * cs) / det;
    const double explained = p * a + q * b;
    if (const double left = 10 * std::log10(std::max(energy - explained, 1e-9) / explained); left > judged.residual_db) {
      judged.residual_db = left;
      judged.worst_at = static_cast<double>(at - from) / rate;
    }
    amplitude = std::hypot(p, q);
    const double phase = std::atan2(p, q);  // of sin(angle + phase): ahead of its time where it grows
    if (at == begin) first = before = phase;
    if (phase - before > std::numbers::pi) turns -= 1;
    if (phase - before < -std::numbers::pi) turns += 1;
    before = phase;
    judged.end_ms = ((phase - first) / (2 * std::numbers::pi) + turns) / kHertz * 1000;
    judged.worst_ms = std::max(judged.worst_ms, std::abs(judged.end_ms));
  }
  judged.second_difference = largest / (amplitude * omega * omega);
  return judged;
}

/// Some nodes' players in one process, each on its own device, that play the same clips at the same times.
class Nodes {
 public:
  explicit Nodes(const std::vector<std::string>& devices) {
    for (const auto& device : devices) {
      node::PlayerSettings settings;
      settings.device = device;
      players_.push_back(node::make_gst_player(loop_.get_executor(), clock_, settings,
                                               {[](node::TrackId) {}, [](const node::TrackStarted&) {},
                                                [this](const node::TrackEnded& e) { ended_.push_back(e); }}));
    }
  }
  void play(std::chrono::milliseconds length) {
    const auto file = folder_ / ("clip" + std::to_string(++track_) + ".opus");
    tests::make_opus(file, static_cast<int>(length.count()), kHertz, 128000);
    const SteadyTime due = std::chrono::steady_clock::now() + 1s;
    ended_.clear();
    for (auto& player : players_) {
      player->prepare({track_, file});
      player->start_at(track_, due);
    }
    REQUIRE(tests::run_until(loop_, [&] { return ended_.size() == players_.size(); }, length + 10s));
    for (const auto& end : ended_) {
      CHECK(end.how == node::TrackEnd::finished);
      CHECK(end.heard == length);
    }
  }
  std::size_t streams() const { return pcm_.heard().size(); }
  /// Of the clip played last, by the device's ppm.
  std::map<std::int64_t, Judged> judged() const {
    std::map<std::int64_t, Judged> all;
    for (const auto& stream : pcm_.heard()) {
      all[stream.ppm] = judge(stream);  // later streams of a device come later
      const auto& is = all[stream.ppm];
      UNSCOPED_INFO(stream.ppm << " ppm: worst " << is.worst_ms << " ms, at the end " << is.end_ms << " ms, residual " << is.residual_db
                               << " dB at "
                               << is.worst_at << " s, second difference " << is.second_difference);
    }
    return all;
  }

 private:
  tests::TempFolder folder_;
  tests::TimedPcm pcm_{folder_.path()};
  boost::asio::io_context loop_;
  protocol::SystemClock clock_;
  node::TrackId track_ = 0;
  std::vector<node::TrackEnded> ended_;
  std::vector<std::unique_ptr<node::Player>> players_;
};

void check_without_click(const Judged& judged) {
  CHECK(judged.residual_db < -40);
  CHECK(judged.second_difference < 2);
}

}  // namespace

TEST_CASE("a controlled device comes to its line and stays there") {
  struct Row {
    const char* name;
    double device_ppm, begins_ahead, worst;
  };
  const std::vector<Row> rows{{"a good device", 0, 0, 1e-6},          {"100 ppm fast", 100, 0, 0.8e-3},   {"100 ppm slow", -100, 0, 0.8e-3},
                              {"400 ppm fast", 400, 0, 3.1e-3},       {"begins 2 ms early", 0, 2e-3, 2e-3}, {"begins 20 ms late, as after an underrun", 50, -20e-3, 20e-3},
                              {"worse than any", 5000, 0, 1e9}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      DriftControl control;
      double ahead = row.begins_ahead, worst = 0, given = 0;
      for (int second = 0; second < 3600; ++second) {
        ahead += (row.device_ppm - given) * 1e-6;
        worst = std::max(worst, std::abs(ahead));
        given = control.step(ahead, 1);
        CHECK(std::abs(given) <= DriftControl::kMostPpm);
      }
      CHECK(worst <= row.worst);
      if (std::abs(row.device_ppm) > DriftControl::kMostPpm) continue;
      CHECK(std::abs(ahead) < 1e-6);
      CHECK(control.learnt() == Approx(row.device_ppm).margin(0.1));
    }
  }
}

TEST_CASE("devices that are fast and slow let a clip sound at the pace of the clock, without a click, and the next one from its beginning") {
  Nodes nodes({"fast_400ppm", "slow_400ppm", "timed"});
  nodes.play(30s);  // uncorrected they would end 24 ms apart
  for (const auto& [ppm, judged] : nodes.judged()) {
    CAPTURE(ppm);
    CHECK(judged.worst_ms < 4);
    check_without_click(judged);
  }
  nodes.play(6s);
  for (const auto& [ppm, judged] : nodes.judged()) {
    CAPTURE(ppm);
    CHECK(judged.worst_ms < 1.5);
    check_without_click(judged);
  }
}

TEST_CASE("two devices 200 ppm apart end an hour-long programme together", "[long]") {
  Nodes nodes({"fast_100ppm", "slow_100ppm"});
  nodes.play(1h);  // uncorrected: 720 ms apart
  REQUIRE(nodes.streams() == 2);  // no underrun
  const auto judged = nodes.judged();
  REQUIRE(judged.size() == 2);
  CHECK(std::abs(judged.at(100).end_ms - judged.at(-100).end_ms) < 5);
  for (const auto& [ppm, one] : judged) {
    CAPTURE(ppm);
    CHECK(one.worst_ms < 2.5);
    check_without_click(one);
    WARN(ppm << " ppm: worst " << one.worst_ms << " ms, at the end " << one.end_ms << " ms, residual " << one.residual_db
             << " dB, second difference " << one.second_difference);
  }
}
