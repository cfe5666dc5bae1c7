#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::node {

using scheduler::Millis;

/// One piece of sound that a media playlist names.
struct HlsSegment {
  std::string url;             ///< whole, of the playlist's own host
  std::int64_t number = 0;     ///< its media sequence number
  Millis duration{0};
  bool discontinuity = false;  ///< nothing of it goes on from the one before
};

/// A media playlist (RFC 8216, 4.3.3): the window of a live stream, or all of one that has ended.
struct HlsPlaylist {
  Millis target{0};            ///< no segment is longer
  bool ended = false;          ///< no more will come
  std::vector<HlsSegment> segments;
};

/// What a master playlist offers with the lowest bandwidth: the address of its media playlist.
struct HlsVariant {
  std::string url;
  std::int64_t bandwidth = 0;
};

/// Why a playlist is not played; one sentence for the log.
struct HlsRefused {
  std::string why;
};

inline constexpr std::size_t kMostPlaylistBytes = 256 * 1024;
inline constexpr std::size_t kMostSegments = 1000;

/// Reads a playlist that was fetched from `url`. Refused: more bytes or segments than the bounds, an address of another scheme, host or port, keys
/// (EXT-X-KEY other than NONE), parts of files (EXT-X-BYTERANGE), fragmented MP4 (EXT-X-MAP), durations that are none or above a minute. Tags that are
/// not known are passed over. Pure; throws nothing but std::bad_alloc.
std::variant<HlsPlaylist, HlsVariant, HlsRefused> read_playlist(std::string_view text, const std::string& url);

}  // namespace loa::node
