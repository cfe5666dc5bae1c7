#include "controller/media/transcode/limiter.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "controller/media/transcode/meter.hpp"
#include "tests/controller/media/sounds.hpp"

using namespace loa::media;
using namespace loa::media::testing;

namespace {

Samples limit(const Samples& in, double gain, double ceiling) {
  Limiter limiter(gain, ceiling);
  Samples out;
  for (std::size_t at = 0; at < in.size(); at += 1000)
    limiter.push(std::span(in).subspan(at, std::min<std::size_t>(1000, in.size() - at)), out);
  limiter.finish(out);
  return out;
}

double true_peak(const Samples& samples) {
  Meter meter;
  meter.add(samples);
  return meter.true_peak_dbtp();
}

}  // namespace

TEST_CASE("the limiter gives as many samples as it takes") {
  for (const std::size_t count : {0U, 1U, 239U, 240U, 248U, 249U, 10'000U})
    CHECK(limit(Samples(count, 0.5F), 0, -1).size() == count);
}

TEST_CASE("below the ceiling the limiter only applies the gain, without delay") {
  const auto in = sine(0.2, 440, 0.1);
  const auto out = limit(in, 6.0205999, -1);
  for (std::size_t i = 0; i < in.size(); ++i) REQUIRE(out[i] == Approx(in[i] * 2).margin(1e-5));
}

TEST_CASE("the true peak stays at the ceiling, between samples too") {
  struct Row {
    const char* name;
    Samples in;
    double gain;
  };
  auto click = silence(0.2);
  click[5'000] = 1.0F;
  // A quarter of the sampling rate with the peaks between the samples: 3 dB above what the samples show.
  Samples between = silence(0.2);
  for (std::size_t i = 0; i < between.size(); ++i)
    between[i] = (i / 2 % 2 ? -0.7F : 0.7F) * (i < 2'000 ? float(i) / 2'000 : 1.0F);
  const Row rows[] = {{"speech", speech(3), 15},
                      {"a click", click, 12},
                      {"peaks between samples", between, 6},
                      {"a loud tone", sine(1, 997, 1), 10}};
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK(true_peak(limit(row.in, row.gain, -3)) <= -2.9); }
  }
}
