#include "tests/support/recording.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>

namespace loa::tests {

namespace {

constexpr std::size_t kHeader = 44;

}  // namespace

double Recording::loudness() const {
  if (samples.empty()) return 0;
  double sum = 0;
  for (const double sample : samples) sum += sample * sample;
  return std::sqrt(sum / static_cast<double>(samples.size())) / 32768;
}

Recording recorded(const std::filesystem::path& wav, double from, double to) {
  std::ifstream about(wav.string() + ".json");
  boost::system::error_code error;
  const auto json = boost::json::parse(std::string(std::istreambuf_iterator<char>(about), {}), error);
  std::ifstream in(wav, std::ios::binary);
  if (error || !json.is_object() || !in) return {};
  const double opened = static_cast<double>(json.at("opened_us").as_int64()) / 1e6;
  const auto frame = [&](double at) { return static_cast<std::int64_t>((at - opened) * Recording::kRate); };
  const auto all = (static_cast<std::int64_t>(std::filesystem::file_size(wav)) - static_cast<std::int64_t>(kHeader)) / 2;
  const auto first = std::max<std::int64_t>(0, frame(from));
  const auto count = std::min(all, frame(to)) - first;
  if (count <= 0) return {};
  Recording made{opened + static_cast<double>(first) / Recording::kRate, std::vector<std::int16_t>(static_cast<std::size_t>(count))};
  in.seekg(static_cast<std::int64_t>(kHeader) + first * 2);
  in.read(reinterpret_cast<char*>(made.samples.data()), count * 2);
  made.samples.resize(static_cast<std::size_t>(in.gcount() / 2));
  return made;
}

std::string wav_of(const std::vector<std::int16_t>& samples) {
  const auto bytes = samples.size() * 2;
  std::string wav(kHeader + bytes, '\0');
  const auto put = [&wav](std::size_t at, std::size_t value, int count) {
    for (int i = 0; i < count; ++i) wav[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
  };
  std::memcpy(wav.data(), "RIFF", 4);
  put(4, wav.size() - 8, 4);
  std::memcpy(&wav[8], "WAVEfmt ", 8);
  put(16, 16, 4);
  put(20, 1, 2);
  put(22, 1, 2);
  put(24, Recording::kRate, 4);
  put(28, Recording::kRate * 2, 4);
  put(32, 2, 2);
  put(34, 16, 2);
  std::memcpy(&wav[36], "data", 4);
  put(40, bytes, 4);
  for (std::size_t i = 0; i < samples.size(); ++i) put(kHeader + i * 2, static_cast<std::uint16_t>(samples[i]), 2);
  return wav;
}

std::string tone_wav(double seconds) {
  std::vector<std::int16_t> samples(static_cast<std::size_t>(seconds * Recording::kRate));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<std::int16_t>(8000 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(i) / Recording::kRate));
  return wav_of(samples);
}

}  // namespace loa::tests
