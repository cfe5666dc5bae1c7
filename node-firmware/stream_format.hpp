#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace loa::node {

/// What a stream's bytes are. Pure functions.
enum class StreamFormat { unsupported, ogg_opus, mp3, adts, mpeg_ts, hls };

/// So many first bytes tell every format.
inline constexpr std::size_t kFormatBytes = 2048;

/// What `first` are the first bytes of, and what the server calls it (the value of Content-Type, may be empty). The bytes decide; where they begin
/// in the middle of a frame, as a live stream's may, the name does. A page of HTML or text is unsupported whatever it holds.
StreamFormat format_of(std::string_view content_type, std::string_view first);

/// Bytes of the ID3v2 tag that `bytes` begin with; 0: none. Segments of HLS begin with one that no decoder wants.
std::size_t id3_size(std::string_view bytes);

/// Where in `bytes` a page begins that is the first of an Ogg chain (RFC 3533), from `from` on; npos: nowhere.
std::size_t ogg_chain_at(std::string_view bytes, std::size_t from);

/// For messages: "Ogg/Opus", "MP3" …
const char* name_of(StreamFormat format);

/// The address in its parts, where it is one that a stream may have: http or https, a host, no user. Lower-case scheme and host.
struct StreamOrigin {
  std::string scheme, host, port;
  bool operator==(const StreamOrigin&) const = default;
};
std::optional<StreamOrigin> origin_of(const std::string& url);

/// What `reference` means in a document at `base`; nothing where it is no address, or one of another scheme, host or port.
std::optional<std::string> resolve_within(const std::string& base, std::string_view reference);

}  // namespace loa::node
