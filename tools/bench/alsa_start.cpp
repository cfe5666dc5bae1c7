// When an ALSA device lets the first sample be heard, by the device's own record, what the player says of it, and what of the clip is lost.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cmath>

#include "node-firmware/player_gst.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/timed_pcm.hpp"

namespace {

using namespace std::chrono_literals;
using loa::node::SteadyTime;

struct Options {
  int starts = 100;
  int clip_ms = 200;
  int every_ms = 700;
  std::string device = "timed";
};

double ms(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// Plays the clip again and again on one player.
class Starts {
 public:
  Starts(const Options& options, const std::filesystem::path& folder) : options_(options), pcm_(folder), clip_(folder / "clip.opus") {
    loa::tests::make_opus(clip_, options.clip_ms);
    loa::node::PlayerSettings settings;
    settings.device = options.device;
    player_ = loa::node::make_gst_player(loop_.get_executor(), clock_, settings,
                                         {[](auto) {}, [this](auto& started) { said_.back() = ms(started.at - dues_.back()); },
                                          [this](auto&) { after_one(); }});
  }

  /// Returns false where the device's record does not have a stream for each start.
  bool run() {
    first_ = std::chrono::steady_clock::now() + 500ms;
    prepare();
    loop_.run();
    const auto streams = pcm_.heard();
    if (streams.size() != dues_.size()) return false;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const auto [from, to] = streams[i].loud();
      if (from >= to) return false;
      off_.push_back(ms(streams[i].time_of(from) - dues_[i]));
      apart_.push_back(said_[i] - off_.back());
      lost_.push_back(options_.clip_ms - ms(streams[i].time_of(to) - streams[i].time_of(from)));
    }
    return true;
  }
  const std::vector<double>& off() const { return off_; }
  const std::vector<double>& apart() const { return apart_; }
  const std::vector<double>& lost() const { return lost_; }

 private:
  void prepare() {
    dues_.push_back(first_ + static_cast<int>(dues_.size()) * std::chrono::milliseconds(options_.every_ms));
    said_.push_back(1e6);
    player_->prepare({dues_.size(), clip_});
    player_->start_at(dues_.size(), dues_.back());
  }
  void after_one() {
    if (dues_.size() < static_cast<std::size_t>(options_.starts)) prepare();
    else loop_.stop();
  }

  const Options& options_;
  loa::tests::TimedPcm pcm_;
  std::filesystem::path clip_;
  boost::asio::io_context loop_;
  loa::protocol::SystemClock clock_;
  std::unique_ptr<loa::node::Player> player_;
  SteadyTime first_;
  std::vector<SteadyTime> dues_;
  std::vector<double> said_, off_, apart_, lost_;
};

void print_row(const char* name, std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) { return values[static_cast<std::size_t>(std::lround(part * static_cast<double>(values.size() - 1)))]; };
  fmt::print("{:<28} {:>6} {:>9.3f} {:>9.3f} {:>9.3f} {:>12.2f}\n", name, values.size(), at(0.5), at(0.99), at(1.0), at(0.99) / 5.0);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Start error of a player on an ALSA device that records what is heard when");
  app.add_option("--starts", options.starts)->check(CLI::Range(1, 5000))->capture_default_str();
  app.add_option("--clip", options.clip_ms, "ms of sound")->check(CLI::Range(40, 60000))->capture_default_str();
  app.add_option("--every", options.every_ms, "ms from one start to the next")->check(CLI::Range(200, 60000))->capture_default_str();
  app.add_option("--device", options.device, "what the tests' card is like")->check(CLI::IsMember({"timed", "mixer", "slow44"}))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const loa::tests::TempFolder folder;
    Starts starts(options, folder.path());
    if (!starts.run()) throw std::runtime_error("a start was not heard");
    fmt::print("{:<28} {:>6} {:>9} {:>9} {:>9} {:>12}\n", "ms", "starts", "p50", "p99", "max", "p99 / 5 ms");
    print_row("|first sample heard - due|", starts.off());
    print_row("|said by player - heard|", starts.apart());
    print_row("|clip - sound heard|", starts.lost());
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-alsa-start: {}\n", error.what());
    return 1;
  }
  return 0;
}
