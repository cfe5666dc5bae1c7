#include <fmt/format.h>

#include <algorithm>

#include "node-firmware/stream_work.hpp"

namespace loa::node {
namespace {

constexpr std::int64_t kMostSegmentBytes = std::int64_t{4} << 20;
constexpr Millis kPlaylistLimit{15'000};
constexpr int kMostFailures = 3;
constexpr std::size_t kBehindEdge = 3;  // segments, as RFC 8216, 6.3.3 wants

}  // namespace

/// Plays from a playlist that was just fetched until something ends it; the answer is what.
std::string StreamSource::Work::follow(std::string text, std::string url) {
  next_segment_.reset();
  int failures = 0;
  bool taken = false;  // a list of segments was read
  std::string why;
  for (int variants = 0; !over();) {
    auto read = read_playlist(text, url);
    if (const auto* refused = std::get_if<HlsRefused>(&read)) {
      if (!taken) {
        unsupported = true;
        return refused->why;
      }
      // It was good before: half of a file that is being written, or an empty answer of something between.
      why = "its playlist: " + refused->why;
      if (++failures >= kMostFailures || !wait(Millis(1000))) return why;
    } else if (const auto* variant = std::get_if<HlsVariant>(&read)) {
      if (++variants > 1) return "a variant is a master playlist itself";
      url = variant->url;
    } else {
      const auto& list = std::get<HlsPlaylist>(read);
      taken = true;
      failures = 0;
      feed->hold(std::clamp<Millis>(list.target * 2, StreamFeed::kHold, StreamFeed::kMost / 2));
      const auto before = next_segment_;
      if (!play_window(list, why)) return why;
      if (list.ended) {
        if (decoder_) decoder_->finish([this] { return over(); });
        return "the stream ended";
      }
      if (!wait(next_segment_ == before ? list.target / 2 : std::max<Millis>(list.target / 2, Millis(1000)))) return "given up";
    }
    auto next = fetch_playlist(url, why);
    while (!next && ++failures < kMostFailures && wait(Millis(1000))) next = fetch_playlist(url, why);
    if (!next) return why;
    text = std::move(*next);
  }
  return "given up";
}

std::optional<std::string> StreamSource::Work::fetch_playlist(std::string& url, std::string& why) {
  std::string text;
  const StreamTaker taker{[](const std::string&, const std::string&) { return true; },
                          [&text](std::string_view bytes) {
                            text.append(bytes);
                            return true;
                          }};
  const auto result = get_stream(multi_.get(), url, terms(kMostPlaylistBytes, kPlaylistLimit), taker, [this] { return over(); });
  if (result.end == GetEnd::ended) return text;
  why = "its playlist: " + result.detail;
  return {};
}

bool StreamSource::Work::play_window(const HlsPlaylist& list, std::string& why) {
  if (list.segments.empty()) return true;
  const auto first = list.segments.front().number;
  const auto last = list.segments.back().number;
  const bool lost = !next_segment_ || *next_segment_ < first || *next_segment_ > last + 1;
  if (lost) {
    end_decoder();
    const auto behind = static_cast<std::int64_t>(kBehindEdge) - 1;
    next_segment_ = list.ended ? first : std::max(first, last - behind);
  }
  for (const auto& segment : list.segments) {
    if (segment.number < *next_segment_) continue;
    if (!play_segment(segment, why)) return false;
    next_segment_ = segment.number + 1;
  }
  return true;
}

bool StreamSource::Work::play_segment(const HlsSegment& segment, std::string& why) {
  if (segment.discontinuity && decoder_) {
    decoder_->finish([this] { return over(); });
    end_decoder();
  }
  // Whole before it is decoded: half a segment that comes again would be heard twice.
  std::string bytes, type;
  const StreamTaker taker{[&type](const std::string&, const std::string& called) {
                            type = called;
                            return true;
                          },
                          [&bytes](std::string_view some) {
                            bytes.append(some);
                            return true;
                          }};
  GetResult result;
  for (int tried = 0; tried < kMostFailures; ++tried) {
    bytes.clear();
    result = get_stream(multi_.get(), segment.url, terms(kMostSegmentBytes, segment.duration * 2 + kPlaylistLimit), taker, [this] { return over(); });
    if (result.end != GetEnd::network || !wait(Millis(500))) break;
  }
  if (result.end != GetEnd::ended) {
    why = fmt::format("segment {}: {}", segment.number, result.detail);
    // One that is gone is passed over; the watch tells of the hole.
    return result.end == GetEnd::refused;
  }
  std::string_view sound(bytes);
  sound.remove_prefix(std::min(id3_size(sound), sound.size()));
  if (sound.empty()) return true;
  if (!decoder_) {
    format_ = format_of(type, sound.substr(0, kFormatBytes));
    if (format_ == StreamFormat::hls) format_ = StreamFormat::unsupported;
    if (!new_decoder()) {
      why = why_;
      return false;
    }
  }
  if (pour(sound)) return true;
  why = why_;
  return false;
}

}  // namespace loa::node
