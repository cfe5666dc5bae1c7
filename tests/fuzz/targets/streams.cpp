// What a relay's server says: playlists of HLS, and the first bytes of a stream.
#include "node-firmware/stream_format.hpp"
#include "node-firmware/stream_hls.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

// First line: the playlist's own address. The rest is the playlist.
void playlist(std::string_view bytes) {
  Bytes input(bytes);
  const std::string url(input.line());
  const auto read = node::read_playlist(input.rest(), url);
  const auto own = node::origin_of(url);
  const auto within = [&own](const std::string& address) { demand(own && node::origin_of(address) == own, "every address is of the playlist's own server"); };
  if (const auto* variant = std::get_if<node::HlsVariant>(&read)) {
    within(variant->url);
    demand(variant->bandwidth > 0, "a variant has a bandwidth");
  } else if (const auto* list = std::get_if<node::HlsPlaylist>(&read)) {
    demand(list->segments.size() <= node::kMostSegments, "segments are bounded");
    demand(list->target.count() > 0 && list->target.count() <= 60'000, "the target duration is bounded");
    std::int64_t last = -1;
    for (const auto& segment : list->segments) {
      within(segment.url);
      demand(segment.number > last, "numbers rise");
      last = segment.number;
      demand(segment.duration.count() > 0 && segment.duration.count() <= 60'000, "durations are bounded");
    }
  } else {
    demand(!std::get<node::HlsRefused>(read).why.empty(), "a refusal says why");
  }
}

std::vector<std::string> playlists() {
  const std::string live = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:41\n";
  return {"https://radio.example/live/index.m3u8\n" + live + "#EXTINF:6.006,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:5,x\n/b.ts?x=1\n#EXT-X-GAP\n#EXTINF:5,\nc.ts\n",
          "https://radio.example:8443/i.m3u8\n" + live + "#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\nhttps://radio.example:8443/../a.aac\n#EXT-X-ENDLIST\n",
          "http://radio.example/i.m3u8\n#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS=\"mp4a.40.2,x\"\nhi.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=48000\n//radio.example/lo.m3u8\n",
          "https://radio.example/i\n" + live + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXT-X-BYTERANGE:1@0\n"};
}

// First line: Content-Type. The rest are the first bytes.
void first_bytes(std::string_view bytes) {
  Bytes input(bytes);
  const auto type = input.line();
  const auto format = node::format_of(type, input.rest());
  demand(node::name_of(format) != nullptr, "every format has a name");
  for (auto chain = node::ogg_chain_at(input.rest(), 0); chain != std::string_view::npos; chain = node::ogg_chain_at(input.rest(), chain + 1))
    demand(input.rest().substr(chain).starts_with("OggS"), "a chain begins with a page");
  (void)node::id3_size(input.rest());
}

std::vector<std::string> beginnings() {
  const auto frames = [](std::string one, std::size_t length) {
    one.resize(length, '\0');
    return one + one + one;
  };
  return {"audio/mpeg\n" + frames("\xFF\xFB\x50\xC4", 208), "audio/aac\n" + frames("\xFF\xF1\x50\x80\x10\x1F\xFC", 128), "video/mp2t\n" + frames("\x47", 188),
          std::string("audio/ogg\nOggS\0\2", 16) + std::string(22, '\0') + "OpusHead", std::string("audio/mpeg\nID3\4\0\0\0\0\0\4abcd", 25) + frames("\xFF\xFB\x50\xC4", 208),
          "application/vnd.apple.mpegurl\n#EXTM3U\n#EXT-X-TARGETDURATION:6\n"};
}

const Registration kPlaylist{{"stream_playlist", playlist, playlists, 4096}};
const Registration kBeginning{{"stream_beginning", first_bytes, beginnings, 4096}};

}  // namespace
}  // namespace loa::fuzz
