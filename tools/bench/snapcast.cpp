#include "snapcast.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <numbers>
#include <stdexcept>
#include <thread>

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/timed_pcm.hpp"

namespace loa::bench {
namespace {

using namespace std::chrono_literals;
using Moment = std::chrono::steady_clock::time_point;

constexpr int kRate = 48000;

/// One second: 20 ms of a sine, then silence; two channels.
std::vector<std::int16_t> beep() {
  std::vector<std::int16_t> samples(2 * kRate, 0);
  for (int i = 0; i < kRate / 50; ++i)
    samples[static_cast<std::size_t>(2 * i)] = samples[static_cast<std::size_t>(2 * i + 1)] =
        static_cast<std::int16_t>(12000 * std::cos(2 * std::numbers::pi * 1000 * i / kRate));
  return samples;
}

/// Writes the seconds into the pipe at their pace, 50 ms at a time.
void feed(const std::filesystem::path& pipe, int seconds) {
  ::signal(SIGPIPE, SIG_IGN);
  const int fd = ::open(pipe.c_str(), O_WRONLY);
  if (fd < 0) throw std::runtime_error("cannot write into snapserver's pipe");
  const auto samples = beep();
  constexpr std::size_t kChunk = 2 * kRate / 20;
  auto due = std::chrono::steady_clock::now();
  for (int second = 0; second < seconds; ++second)
    for (std::size_t at = 0; at < samples.size(); at += kChunk) {
      if (::write(fd, samples.data() + at, kChunk * 2) < 0) break;
      std::this_thread::sleep_until(due += 50ms);
    }
  ::close(fd);
}

/// When each sound began that came after a silence.
std::vector<Moment> onsets(const std::filesystem::path& folder) {
  std::vector<Moment> all;
  for (const auto& stream : tests::TimedPcm::heard_in(folder)) {
    std::size_t quiet = kRate;
    for (std::size_t i = 0; i < stream.samples.size(); ++i) {
      if (std::abs(stream.samples[i]) <= 500) {
        ++quiet;
        continue;
      }
      if (quiet > kRate / 4) all.push_back(stream.time_of(i));
      quiet = 0;
    }
  }
  return all;
}

}  // namespace

std::vector<double> snapcast_apart(const std::string& device, int beeps) {
  const tests::TempFolder folder;
  const auto pipe = folder / "pipe";
  if (::mkfifo(pipe.c_str(), 0600) != 0) throw std::runtime_error("cannot make a pipe");
  const auto port = tests::free_port();
  std::ofstream(folder / "server.conf") << fmt::format(
      "[server]\ndatadir = {0}\n[http]\nenabled = false\n[tcp]\nenabled = false\n[stream]\nbind_to_address = 127.0.0.1\nport = {1}\n"
      "source = pipe://{0}/pipe?name=bench&mode=read&sampleformat=48000:16:2\ncodec = pcm\nbuffer = 1000\n",
      folder.path().string(), port);
  tests::Process server({"snapserver", "-c", (folder / "server.conf").string()}, {folder.path(), "snapserver", {}, {}});
  std::this_thread::sleep_for(1s);
  std::vector<tests::Process> clients;
  std::vector<std::filesystem::path> devices;
  for (int i = 1; i <= 2; ++i) {
    devices.push_back(folder / fmt::format("device{}", i));
    std::filesystem::create_directories(devices.back());
    const tests::TimedPcm card(devices.back());
    clients.emplace_back(std::vector<std::string>{"snapclient", "-h", "127.0.0.1", "-p", std::to_string(port), "--instance", std::to_string(i), "--hostID",
                                                  fmt::format("bench{}", i), "--player", "alsa", "-s", device},
                         tests::Process::Options{folder.path(), fmt::format("snapclient{}", i),
                                                 {"ALSA_CONFIG_PATH=" + (devices.back() / "asound.conf").string()}, {}});
  }
  constexpr int kSettling = 10;  // its clients find their place in the first seconds, which is not counted
  feed(pipe, kSettling + beeps);
  std::this_thread::sleep_for(2s);
  for (auto& client : clients) client.stop();
  server.stop();
  const auto one = onsets(devices[0]), two = onsets(devices[1]);
  if (one.size() <= kSettling || two.size() <= kSettling)
    throw std::runtime_error("snapcast was not heard: " + server.err() + server.out() + clients[0].err() + clients[0].out());
  std::vector<double> apart;
  for (std::size_t i = kSettling; i < one.size(); ++i)
    for (const auto& other : two)
      if (const double ms = std::chrono::duration<double, std::milli>(one[i] - other).count(); std::abs(ms) < 400) apart.push_back(ms);
  return apart;
}

}  // namespace loa::bench
