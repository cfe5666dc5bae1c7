#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace loa::tests {

/// A stretch of what a node's WAV sink wrote: 16-bit samples, 48,000 a second, of one channel.
struct Recording {
  static constexpr int kRate = 48000;
  double begin = 0;  ///< UTC second of the first sample
  std::vector<std::int16_t> samples;

  /// RMS, 0 to 1 of full scale; 0 where there are none.
  double loudness() const;
};

/// What the WAV and its clock sidecar (node-firmware/sink_wav.hpp) hold between two UTC seconds; empty where there is none.
Recording recorded(const std::filesystem::path& wav, double from, double to = 1e12);

/// The bytes of a WAV of such samples.
std::string wav_of(const std::vector<std::int16_t>& samples);

/// The bytes of a WAV of a tone of 1 kHz, as loud all along.
std::string tone_wav(double seconds);

}  // namespace loa::tests
