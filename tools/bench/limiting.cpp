// What the limiter does to speech at different ceilings of gain reduction: the loudness it reaches and the harm it does.
#include <fcntl.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <string>
#include <vector>

#include "controller/media/transcode/decoder.hpp"
#include "controller/media/transcode/encoder.hpp"
#include "controller/media/transcode/gst_parts.hpp"
#include "controller/media/transcode/limiter.hpp"
#include "controller/media/transcode/meter.hpp"
#include "process/fd.hpp"
#include "tests/support/temp_folder.hpp"

namespace {

using namespace loa::media;
using Samples = std::vector<float>;
using Spectrum = std::vector<std::complex<double>>;

constexpr double kLufs = -15.7, kCeiling = -3.4;  // what the transcoder aims at before the codec
constexpr std::size_t kFrame = 1024;              // 21 ms

double db(double power) { return 10 * std::log10(power + 1e-30); }
double gain_of(double decibels) { return std::pow(10.0, decibels / 20); }

Samples read(const std::string& file) {
  const auto kind = inspect(file, ~0ULL);
  if (!kind) throw std::runtime_error(file + ": " + kind.error().message);
  Samples all;
  const loa::process::Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const auto count = decode(opened.get(), *kind, [&](std::span<const float> block) {
    all.insert(all.end(), block.begin(), block.end());
    return true;
  });
  if (!count) throw std::runtime_error(file + ": " + count.error().message);
  return all;
}

Meter measured(const Samples& samples) {
  Meter meter;
  meter.add(samples);
  return meter;
}

Samples limited(const Samples& in, double gain_db) {
  Limiter limiter(gain_db, kCeiling);
  Samples out;
  limiter.push(in, out);
  limiter.finish(out);
  return out;
}

/// The gain at which the limited speech has the wanted loudness, at most `most`.
double gain_for(const Samples& in, double most) {
  double low = kLufs - measured(in).lufs() - 12, high = most;
  for (int i = 0; i < 14 && high - low > 0.05; ++i) {
    const double middle = (low + high) / 2;
    (measured(limited(in, middle)).lufs() < kLufs ? low : high) = middle;
  }
  return high;
}

/// Radix 2, in place.
void transform(Spectrum& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t half = 1; half < n; half *= 2)
    for (std::size_t i = 0; i < n; i += 2 * half)
      for (std::size_t k = 0; k < half; ++k) {
        const auto odd = std::polar(1.0, -std::numbers::pi * static_cast<double>(k) / static_cast<double>(half)) * x[i + k + half];
        x[i + k + half] = x[i + k] - odd;
        x[i + k] += odd;
      }
}

std::vector<double> power_of(std::span<const float> frame) {
  Spectrum x(kFrame);
  for (std::size_t i = 0; i < kFrame; ++i)
    x[i] = frame[i] * (0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / kFrame));
  transform(x);
  std::vector<double> power(kFrame / 4);  // to 12 kHz
  for (std::size_t i = 0; i < power.size(); ++i) power[i] = std::norm(x[i + 1]);
  return power;
}

/// Harm to a frame: what no single gain explains, and the distance of the spectra's shapes.
struct Harm {
  double reduction_db = 0;   ///< of the frame as a whole
  double residual_db = 0;    ///< of what is left beside the scaled frame, under that frame
  double distance_db = 0;    ///< RMS difference of the log spectra of equal loudness, over the 40 dB below the frame's peak
};

Harm harm_of(std::span<const float> before, std::span<const float> after) {
  double bb = 0, ab = 0, aa = 0;
  for (std::size_t i = 0; i < kFrame; ++i) bb += before[i] * before[i], ab += before[i] * after[i], aa += after[i] * after[i];
  Harm harm;
  harm.reduction_db = -db(aa / bb);
  harm.residual_db = db(std::max(0.0, aa - ab * ab / bb) / (ab * ab / bb));
  const auto p = power_of(before), q = power_of(after);
  double mean = 0, square = 0, count = 0;
  const double floor = *std::max_element(p.begin(), p.end()) * 1e-4;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] < floor) continue;
    const double difference = db(q[i]) - db(p[i]);
    mean += difference, square += difference * difference, count += 1;
  }
  harm.distance_db = std::sqrt(std::max(0.0, square / count - mean * mean / count / count));
  return harm;
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

double crest(const Samples& samples, const std::vector<std::size_t>& frames) {
  double sum = 0, peak = 0;
  for (const std::size_t at : frames)
    for (std::size_t i = at; i < at + kFrame; ++i) sum += samples[i] * samples[i], peak = std::max<double>(peak, std::abs(samples[i]));
  return db(peak * peak / (sum / static_cast<double>(frames.size() * kFrame)));
}

/// The frames within 30 dB of the loudest: speech, not pauses.
std::vector<std::size_t> speech_frames(const Samples& in) {
  std::vector<std::pair<std::size_t, double>> all;
  double loudest = 0;
  for (std::size_t at = 0; at + kFrame <= in.size(); at += kFrame / 2) {
    double sum = 0;
    for (std::size_t i = at; i < at + kFrame; ++i) sum += in[i] * in[i];
    all.emplace_back(at, sum);
    loudest = std::max(loudest, sum);
  }
  std::vector<std::size_t> speech;
  for (const auto& [at, sum] : all)
    if (sum > loudest * 1e-3) speech.push_back(at);
  return speech;
}

Samples amplified(Samples samples, double gain_db) {
  for (float& sample : samples) sample = static_cast<float>(sample * gain_of(gain_db));
  return samples;
}

Samples coded(const Samples& in) {
  const loa::tests::TempFolder folder;
  const loa::process::Fd out(::open((folder / "clip.opus").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  Encoder encoder(out.get());
  if (!encoder.write(in)) throw std::runtime_error("encoding stopped");
  if (const auto problem = encoder.finish()) throw std::runtime_error(problem->message);
  return read(folder / "clip.opus");
}

void print_row(const std::string& name, const Samples& plain, const Samples& out, double took_db) {
  const auto frames = speech_frames(plain);
  std::vector<double> residual, distance;
  std::array<int, 4> over{};
  std::array<int, 2> far{};
  for (const std::size_t at : frames) {
    const Harm harm = harm_of({plain.data() + at, kFrame}, {out.data() + at, kFrame});
    residual.push_back(harm.residual_db), distance.push_back(harm.distance_db);
    for (std::size_t i = 0; i < far.size(); ++i) far[i] += harm.distance_db > std::array{2, 4}[i];
    for (std::size_t i = 0; i < over.size(); ++i) over[i] += harm.reduction_db > std::array{1, 3, 6, 12}[i];
  }
  const auto share = [&](int n) { return 100.0 * n / static_cast<double>(frames.size()); };
  fmt::print("{:>6} {:>7.2f} {:>6.1f} {:>6.1f} {:>5.0f} {:>5.0f} {:>5.0f} {:>5.0f} {:>8.1f} {:>8.1f} {:>8.2f} {:>8.2f} {:>6.1f} {:>6.1f}\n", name,
             measured(out).lufs(), took_db, crest(out, frames), share(over[0]), share(over[1]), share(over[2]), share(over[3]),
             percentile(residual, 0.5), percentile(residual, 0.95), percentile(distance, 0.5), percentile(distance, 0.95), share(far[0]), share(far[1]));
}

void judge(const std::string& file, const std::vector<double>& most) {
  const Samples in = read(file);
  const double peak = measured(in).true_peak_dbtp();
  fmt::print("{}: {:.1f} LUFS, {:.1f} dBTP\n", file, measured(in).lufs(), peak);
  fmt::print("{:>6} {:>7} {:>6} {:>6} {:>5} {:>5} {:>5} {:>5} {:>8} {:>8} {:>8} {:>8} {:>6} {:>6}\n", "most", "LUFS", "took", "crest", ">1dB", ">3dB",
             ">6dB", ">12dB", "res p50", "res p95", "LSD p50", "LSD p95", ">2 %", ">4 %");
  for (const double one : most) {
    const double gain = gain_for(in, kCeiling + one - peak);
    print_row(fmt::format("{:.0f}", one), amplified(in, gain), limited(in, gain), gain + peak - kCeiling);
  }
  const Samples gentle = amplified(in, kCeiling - peak);
  print_row("codec", gentle, coded(gentle), 0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What limiting does to speech");
  std::vector<std::string> files;
  std::vector<double> most{0, 3, 6, 9, 12, 15, 18, 24};
  app.add_option("files", files, "WAV files of speech")->required();
  app.add_option("--most", most, "dB that the highest peak may be above the ceiling");
  CLI11_PARSE(app, argc, argv);
  try {
    load_gstreamer();
    for (const auto& file : files) judge(file, most);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-limiting: {}\n", error.what());
    return 1;
  }
  return 0;
}
