// What the walls around children cost: the real loa-transcode and espeak-ng with and without them, turn by turn in one run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "process/run.hpp"
#include "tests/support/temp_folder.hpp"

namespace {

using loa::process::Command;
using loa::process::Outcome;

struct Options {
  int runs = 21;
  std::string transcoder;
  bool json = false;
};

struct Times {
  std::vector<double> wall_ms, cpu_ms;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

void add(Times& times, const Outcome& outcome) {
  if (!outcome.ok()) throw std::runtime_error(outcome.message + " " + outcome.out + outcome.err);
  times.wall_ms.push_back(static_cast<double>(outcome.wall.count()));
  times.cpu_ms.push_back(static_cast<double>(outcome.cpu.count()));
}

/// Runs both turn by turn, so that what else the machine does falls on both; the first turn of each warms the caches and does not count.
void compare(const Options& options, const std::string& name, const Command& plain, const Command& confined) {
  loa::process::Limits limits;
  limits.wall = std::chrono::minutes(5);
  limits.cpu = std::chrono::minutes(5);
  Times without, with;
  for (int i = 0; i <= options.runs; ++i) {
    const auto first = loa::process::run(plain, limits), second = loa::process::run(confined, limits);
    if (i == 0) continue;
    add(without, first);
    add(with, second);
  }
  std::vector<double> ratios;
  for (std::size_t i = 0; i < with.wall_ms.size(); ++i) ratios.push_back(with.wall_ms[i] / without.wall_ms[i]);
  const double added = median(with.wall_ms) - median(without.wall_ms);
  if (options.json)
    fmt::print("{{\"what\":\"{}\",\"runs\":{},\"plain_wall_ms\":{:.1f},\"confined_wall_ms\":{:.1f},\"plain_cpu_ms\":{:.1f},\"confined_cpu_ms\":{:.1f},"
               "\"ratio\":{:.3f}}}\n",
               name, options.runs, median(without.wall_ms), median(with.wall_ms), median(without.cpu_ms), median(with.cpu_ms), median(ratios));
  else
    fmt::print("{:<26} {:>10.0f} {:>12.0f} {:>9.0f} {:>11.0f} {:>9.0f} {:>8.3f}\n", name, median(without.wall_ms), median(with.wall_ms),
               median(without.cpu_ms), median(with.cpu_ms), added, median(ratios));
  std::fflush(stdout);
}

std::string words(int sentences) {
  std::string text;
  for (int i = 0; i < sentences; ++i) text += "Kính thưa bà con, người thuê nhà đăng ký tạm trú tại công an phường trước ngày ba mươi. ";
  return text;
}

Command speak(const std::filesystem::path& wav, const std::string& text, bool confined) {
  std::ofstream(wav, std::ios::app).close();
  Command command{.argv = {"espeak-ng", "-v", "vi", "-b", "1", "-w", wav.string(), "--stdin"}, .stdin_text = text};
  command.environment = {"HOME=/nonexistent"};
  if (confined)
    command.reach = loa::process::Reach{{"/usr/share/espeak-ng-data"}, {wav},
                                        {"/nonexistent", "/etc/pulse", "/etc/alsa", "/etc/asound.conf", "/etc/machine-id",
                                         "/var/lib/dbus/machine-id", "/dev/shm", "/dev/snd", "/run/pulse", "/run/user", "/usr/share/alsa"}};
  return command;
}

Command transcode(const Options& options, const std::filesystem::path& in, const std::filesystem::path& out, bool confined) {
  Command command{.argv = {options.transcoder, "--json", "--in=" + in.string(), "--out=" + out.string()}};
  if (!confined) command.argv.emplace_back("--unconfined");
  return command;
}

void run(const Options& options) {
  const loa::tests::TempFolder folder;
  const auto wav = folder / "speech.wav", clip = folder / "clip.opus";
  if (!options.json)
    fmt::print("{:<26} {:>10} {:>12} {:>9} {:>11} {:>9} {:>8}\n", "median of " + std::to_string(options.runs), "plain ms", "confined ms", "plain cpu",
               "confined cpu", "added ms", "ratio");
  for (const auto& [name, sentences] : {std::pair{"one sentence", 1}, std::pair{"two minutes", 20}}) {
    compare(options, std::string("speech, ") + name, speak(wav, words(sentences), false), speak(wav, words(sentences), true));
    compare(options, std::string("transcode, ") + name, transcode(options, wav, clip, false), transcode(options, wav, clip, true));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"What confinement costs loa-transcode and espeak-ng: medians with and without it, turn by turn in the same run."};
  Options options;
  options.transcoder = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "loa-transcode").string();
  app.add_option("--runs", options.runs, "turns that count")->check(CLI::Range(1, 1000));
  app.add_option("--transcoder", options.transcoder, "the program; default: beside this one");
  app.add_flag("--json", options.json, "one JSON object a line");
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-confinement: {}\n", error.what());
    return 1;
  }
  return 0;
}
