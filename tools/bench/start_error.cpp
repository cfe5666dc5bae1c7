// How far the first sample at the sink is from the due time, on two players in two processes that start the same clips at
// the same moments, and how far the two are from each other.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cmath>
#include <cstdlib>

#include "node-firmware/player_gst.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"

namespace {

using namespace std::chrono_literals;
using loa::node::SteadyTime;

struct Options {
  int starts = 200;
  int every_ms = 250;
  std::string sink = "null";
  std::string device = "default";
};

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

/// Plays the clip at `first`, `first` + `every_ms` … on one player; each start's error in µs, in order.
class OneNode {
 public:
  OneNode(const Options& options, const std::filesystem::path& folder, SteadyTime first, int number)
      : options_(options), clip_(folder / "clip.opus"), first_(first) {
    loa::node::PlayerSettings settings;
    settings.device = options.device;
    settings.wav = folder / fmt::format("node{}.wav", number);
    settings.sink = options.sink == "alsa"  ? loa::node::SinkKind::alsa
                    : options.sink == "wav" ? loa::node::SinkKind::wav
                                            : loa::node::SinkKind::null;
    player_ = loa::node::make_gst_player(loop_.get_executor(), clock_, settings,
                                         {[](auto) {}, [this](auto& started) { errors_.push_back(started.error_us); },
                                          [this](auto&) { after_one(); }});
  }

  std::vector<long> run() {
    prepare();
    loop_.run();
    return errors_;
  }

 private:
  void prepare() {
    player_->prepare({++track_, clip_});
    player_->start_at(track_, first_ + (track_ - 1) * std::chrono::milliseconds(options_.every_ms));
  }
  void after_one() {
    if (track_ < static_cast<loa::node::TrackId>(options_.starts)) prepare();
    else loop_.stop();
  }

  const Options& options_;
  std::filesystem::path clip_;
  SteadyTime first_;
  boost::asio::io_context loop_;
  loa::protocol::SystemClock clock_;
  std::unique_ptr<loa::node::Player> player_;
  loa::node::TrackId track_ = 0;
  std::vector<long> errors_;
};

/// Runs one node in a child process and returns the end of the pipe that its errors come from.
int spawn(const Options& options, const std::filesystem::path& folder, SteadyTime first, int number) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  if (::fork() == 0) {
    const auto errors = OneNode(options, folder, first, number).run();
    const auto size = errors.size() * sizeof(long);
    std::_Exit(::write(ends[1], errors.data(), size) == static_cast<ssize_t>(size) ? 0 : 1);
  }
  ::close(ends[1]);
  return ends[0];
}

std::vector<long> collect(int pipe, int starts) {
  std::vector<long> errors(static_cast<std::size_t>(starts));
  const ssize_t got = ::read(pipe, errors.data(), errors.size() * sizeof(long));
  ::close(pipe);
  errors.resize(got > 0 ? static_cast<std::size_t>(got) / sizeof(long) : 0);
  return errors;
}

void print_row(const char* name, std::vector<long> values) {
  for (long& value : values) value = std::labs(value);
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    return static_cast<double>(values[static_cast<std::size_t>(std::lround(part * static_cast<double>(values.size() - 1)))]) / 1000;
  };
  fmt::print("{:<24} {:>6} {:>9.3f} {:>9.3f} {:>9.3f} {:>12.2f}\n", name, values.size(), at(0.5), at(0.99), at(1.0),
             at(0.99) / 5.0);
}

int run(const Options& options) {
  const loa::tests::TempFolder folder;
  // The clip is made by a child, because GStreamer must not be in use when the nodes fork.
  const pid_t maker = ::fork();
  if (maker == 0) {
    loa::tests::make_opus(folder / "clip.opus", 100);
    std::_Exit(0);
  }
  ::waitpid(maker, nullptr, 0);
  const SteadyTime first = steady_now() + 1s;
  const int pipes[2] = {spawn(options, folder.path(), first, 1), spawn(options, folder.path(), first, 2)};
  const auto one = collect(pipes[0], options.starts);
  const auto two = collect(pipes[1], options.starts);
  while (::wait(nullptr) > 0) {
  }
  if (one.size() != two.size() || static_cast<int>(one.size()) != options.starts) {
    fmt::print(stderr, "bench-start-error: {} and {} starts of {}\n", one.size(), two.size(), options.starts);
    return 1;
  }
  std::vector<long> both = one;
  both.insert(both.end(), two.begin(), two.end());
  std::vector<long> apart;
  for (std::size_t i = 0; i < one.size(); ++i) apart.push_back(one[i] - two[i]);
  fmt::print("{:<24} {:>6} {:>9} {:>9} {:>9} {:>12}\n", "ms", "starts", "p50", "p99", "max", "p99 / 5 ms");
  print_row("|first sample - due|", std::move(both));
  print_row("|node 1 - node 2|", std::move(apart));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Start error of two players that start the same clips at once");
  app.add_option("--starts", options.starts, "starts on each")->check(CLI::Range(1, 5000))->capture_default_str();
  app.add_option("--every", options.every_ms, "ms from one start to the next")->check(CLI::Range(200, 60000))->capture_default_str();
  app.add_option("--sink", options.sink)->check(CLI::IsMember({"null", "wav", "alsa"}))->capture_default_str();
  app.add_option("--device", options.device, "ALSA device")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-start-error: {}\n", error.what());
    return 1;
  }
}
