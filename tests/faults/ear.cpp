#include "tests/faults/ear.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "tests/support/recording.hpp"

namespace loa::tests {

namespace {

constexpr double kRise = 150;          // Hz a second
constexpr double kWindow = 0.025;      // seconds of one look
constexpr double kLoud = 0.004;        // of full scale, RMS
constexpr double kTolerance = 0.07;    // seconds by which a position may differ from the clip's own pace
constexpr double kShortest = 0.25;     // what is shorter is no piece of a clip
constexpr double kEdge = 0.08;         // what is shorter and fits nothing is the edge of a sound

double base_of(char what) { return 400 + 1100 * (what - 'A'); }

/// Frequency by the first and last upward crossing of zero; nothing where there are too few.
std::optional<double> frequency(const std::int16_t* samples, int count, int rate) {
  double first = 0, last = 0;
  int crossings = 0;
  for (int i = 1; i < count; ++i) {
    if (samples[i - 1] >= 0 || samples[i] < 0) continue;
    const double at = i - 1 + static_cast<double>(-samples[i - 1]) / (samples[i] - samples[i - 1]);
    if (crossings++ == 0) first = at;
    last = at;
  }
  if (crossings < 3) return std::nullopt;
  return (crossings - 1) * rate / (last - first);
}

/// One window: silent, a place in a clip, or some other sound.
struct Look {
  bool loud = false;
  char what = '?';
  double at = 0;
};

Look look(const std::int16_t* samples, int count, int rate) {
  Look seen;
  double power = 0;
  for (int i = 0; i < count; ++i) power += static_cast<double>(samples[i]) * samples[i];
  seen.loud = std::sqrt(power / count) / 32768 > kLoud;
  if (!seen.loud) return seen;
  const auto hz = frequency(samples, count, rate);
  if (!hz) return seen;
  for (const char what : {'A', 'B', 'C'}) {
    const double at = (*hz - base_of(what)) / kRise - kWindow / 2;
    if (at < -0.1 || at > kClipSeconds + 0.1) continue;
    seen.what = what;
    seen.at = at;
  }
  return seen;
}

bool goes_on(const Sound& sound, const Look& seen, double from) {
  if (sound.what != seen.what || from - (sound.from + sound.length) > kWindow / 2) return false;
  return seen.what == '?' || std::abs(seen.at - (sound.at + from - sound.from)) < kTolerance;
}

/// Pieces too short to be one become part of what they touch, or of an unknown sound.
std::vector<Sound> settle(const std::vector<Sound>& raw) {
  std::vector<Sound> settled;
  for (auto sound : raw) {
    if (sound.length < kShortest) sound.what = '?';
    const bool touches = !settled.empty() && sound.from - (settled.back().from + settled.back().length) < 0.06;
    if (touches && settled.back().what == sound.what && sound.what == '?')
      settled.back().length = sound.from + sound.length - settled.back().from;
    else
      settled.push_back(sound);
  }
  std::erase_if(settled, [](const Sound& sound) { return sound.what == '?' && sound.length < kEdge; });
  return settled;
}

}  // namespace

std::string test_clip_wav(char what) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(kClipSeconds * Recording::kRate));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / Recording::kRate;
    samples[i] = static_cast<std::int16_t>(0.25 * 32767 * std::sin(2 * std::numbers::pi * (base_of(what) * t + kRise * t * t / 2)));
  }
  return wav_of(samples);
}

std::vector<Sound> listen(const std::vector<std::int16_t>& samples, int rate, double begin) {
  std::vector<Sound> raw;
  const int window = static_cast<int>(kWindow * rate);
  for (std::size_t at = 0; at + static_cast<std::size_t>(window) <= samples.size(); at += static_cast<std::size_t>(window)) {
    const auto seen = look(&samples[at], window, rate);
    if (!seen.loud) continue;
    const double from = begin + static_cast<double>(at) / rate;
    if (!raw.empty() && goes_on(raw.back(), seen, from))
      raw.back().length = from + kWindow - raw.back().from;
    else
      raw.push_back({from, kWindow, seen.what, seen.at});
  }
  return settle(raw);
}

std::vector<Sound> listen_to_wav(const std::filesystem::path& wav, double from) {
  const auto heard = recorded(wav, from);
  return listen(heard.samples, Recording::kRate, heard.begin);
}

double total(const std::vector<Sound>& sounds, char what) {
  double sum = 0;
  for (const auto& sound : sounds)
    if (what == 0 || sound.what == what) sum += sound.length;
  return sum;
}

double repeated(const std::vector<Sound>& sounds, char what) {
  std::vector<int> times(static_cast<std::size_t>((kClipSeconds + 1) * 100));
  for (const auto& sound : sounds)
    if (sound.what == what)
      for (double at = std::max(0.0, sound.at); at < sound.at + sound.length; at += 0.01)
        if (const auto place = static_cast<std::size_t>(at * 100); place < times.size()) ++times[place];
  return static_cast<double>(std::count_if(times.begin(), times.end(), [](int n) { return n > 1; })) / 100;
}

std::string in_words(const std::vector<Sound>& sounds, double due) {
  std::string words;
  for (const auto& sound : sounds) {
    if (!words.empty()) words += ", ";
    if (sound.what == '?')
      words += fmt::format("other {:.2f} s at {:+.2f} s", sound.length, sound.from - due);
    else
      words += fmt::format("{} {:.2f}-{:.2f} at {:+.2f} s", sound.what, std::max(0.0, sound.at), sound.at + sound.length, sound.from - due);
  }
  return words.empty() ? "silence" : words;
}

}  // namespace loa::tests
