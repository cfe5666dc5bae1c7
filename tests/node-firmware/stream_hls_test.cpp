#include "node-firmware/stream_hls.hpp"

#include <catch2/catch.hpp>

#include "node-firmware/stream_format.hpp"

using namespace loa;
using node::StreamFormat;

namespace {

const std::string kBase = "https://radio.example/live/hue/index.m3u8";

/// The playlist in one line: target, then each segment as number:address:duration, * for a discontinuity.
std::string told(const std::string& text, const std::string& base = kBase) {
  const auto read = node::read_playlist(text, base);
  if (const auto* refused = std::get_if<node::HlsRefused>(&read)) return "refused: " + refused->why;
  if (const auto* variant = std::get_if<node::HlsVariant>(&read)) return std::to_string(variant->bandwidth) + " " + variant->url;
  const auto& list = std::get<node::HlsPlaylist>(read);
  auto line = std::to_string(list.target.count());
  for (const auto& one : list.segments)
    line += " " + std::string(one.discontinuity ? "*" : "") + std::to_string(one.number) + ":" + one.url + ":" + std::to_string(one.duration.count());
  return line + (list.ended ? " end" : "");
}

}  // namespace

TEST_CASE("media playlists are read, and refused with a reason") {
  struct Row {
    const char* name;
    std::string text;
    std::string told;
  };
  const std::string head = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
  const Row rows[] = {
      {"a live window", head + "#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:41\n#EXTINF:6.006,\na.ts\n#EXTINF:5,title, with comma\n/b.ts?x=1\n",
       "6000 41:https://radio.example/live/hue/a.ts:6006 42:https://radio.example/b.ts?x=1:5000"},
      {"line ends of Windows", "#EXTM3U\r\n#EXT-X-TARGETDURATION:4\r\n#EXTINF:4,\r\na.aac\r\n", "4000 0:https://radio.example/live/hue/a.aac:4000"},
      {"no line end at the end", head + "#EXTINF:6,\na.ts", "6000 0:https://radio.example/live/hue/a.ts:6000"},
      {"an ended one", head + "#EXTINF:6,\na.ts\n#EXT-X-ENDLIST\n", "6000 0:https://radio.example/live/hue/a.ts:6000 end"},
      {"a discontinuity", head + "#EXTINF:6,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb.ts\n",
       "6000 0:https://radio.example/live/hue/a.ts:6000 *1:https://radio.example/live/hue/b.ts:6000"},
      {"a gap is passed over and breaks the sound", head + "#EXTINF:6,\na.ts\n#EXT-X-GAP\n#EXTINF:6,\nb.ts\n#EXTINF:6,\nc.ts\n",
       "6000 0:https://radio.example/live/hue/a.ts:6000 *2:https://radio.example/live/hue/c.ts:6000"},
      {"no segment yet", head, "6000"},
      {"the same host by name", head + "#EXTINF:6,\nhttps://radio.example/x/a.ts\n", "6000 0:https://radio.example/x/a.ts:6000"},
      {"dots in the way", head + "#EXTINF:6,\n../../a.ts\n", "6000 0:https://radio.example/a.ts:6000"},
      {"a key that is none", head + "#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na.ts\n", "6000 0:https://radio.example/live/hue/a.ts:6000"},
      {"a key", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:6,\na.ts\n", "refused: its segments are encrypted"},
      {"a key whose method hides in quotes", head + "#EXT-X-KEY:URI=\"x,METHOD=NONE\"\n#EXTINF:6,\na.ts\n", "refused: its segments are encrypted"},
      {"a session key", "#EXTM3U\n#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", "refused: its segments are encrypted"},
      {"parts of files", head + "#EXT-X-BYTERANGE:1@0\n#EXTINF:6,\na.ts\n", "refused: its segments are parts of files"},
      {"fragmented MP4", head + "#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6,\na.m4s\n", "refused: its segments are fragmented MP4"},
      {"another host", head + "#EXTINF:6,\nhttps://evil.example/a.ts\n", "refused: it names an address that is none, or of another host"},
      {"another host without a scheme", head + "#EXTINF:6,\n//evil.example/a.ts\n", "refused: it names an address that is none, or of another host"},
      {"another scheme", head + "#EXTINF:6,\nhttp://radio.example/a.ts\n", "refused: it names an address that is none, or of another host"},
      {"another port", head + "#EXTINF:6,\nhttps://radio.example:8443/a.ts\n", "refused: it names an address that is none, or of another host"},
      {"a user in front of the host", head + "#EXTINF:6,\nhttps://a:b@radio.example/a.ts\n", "refused: it names an address that is none, or of another host"},
      {"the same host in another spelling", head + "#EXTINF:6,\nhttps://radi%6f.example/a.ts\n", "6000 0:https://radio.example/a.ts:6000"},
      {"a host of escapes that are none", head + "#EXTINF:6,\nhttps://radio%25.example/a.ts\n", "refused: it names an address that is none, or of another host"},
      {"a file", head + "#EXTINF:6,\nfile:///etc/passwd\n", "refused: it names an address that is none, or of another host"},
      {"an address with a space", head + "#EXTINF:6,\na b.ts\n", "refused: it names an address that is none, or of another host"},
      {"an address with a backslash", head + "#EXTINF:6,\n\\\\evil.example\\a.ts\n", "refused: it names an address that is none, or of another host"},
      {"an address of no end", head + "#EXTINF:6,\n" + std::string(5000, 'a') + "\n", "refused: it names an address that is none, or of another host"},
      {"no duration", head + "a.ts\n", "refused: an address has neither duration nor bandwidth"},
      {"a duration of nothing", head + "#EXTINF:0,\na.ts\n", "refused: a segment's duration is none, or above a minute"},
      {"a duration that is no number", head + "#EXTINF:nan,\na.ts\n", "refused: a segment's duration is none, or above a minute"},
      {"a duration of an hour", head + "#EXTINF:3600,\na.ts\n", "refused: a segment's duration is none, or above a minute"},
      {"a target of nothing", "#EXTM3U\n#EXT-X-TARGETDURATION:0\n", "refused: the target duration is none, or above a minute"},
      {"no target", "#EXTM3U\n#EXTINF:6,\na.ts\n", "refused: it has neither variants nor a target duration"},
      {"a negative number", head + "#EXT-X-MEDIA-SEQUENCE:-1\n#EXTINF:6,\na.ts\n", "refused: the media sequence number is none"},
      {"a number that would overflow", head + "#EXT-X-MEDIA-SEQUENCE:9223372036854775807\n#EXTINF:6,\na.ts\n", "refused: the media sequence number is none"},
      {"not a playlist", "<html>", "refused: the playlist does not begin with #EXTM3U"},
      {"a byte order mark", "\xEF\xBB\xBF#EXTM3U\n", "refused: the playlist does not begin with #EXTM3U"},
      {"nothing", "", "refused: it has neither variants nor a target duration"},
      {"a master playlist: the lowest bandwidth",
       "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS=\"mp4a.40.2,x\"\nhi.m3u8\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=48000\nlo.m3u8\n",
       "48000 https://radio.example/live/hue/lo.m3u8"},
      {"a variant without bandwidth", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"BANDWIDTH=1\"\nlo.m3u8\n", "refused: a variant has no bandwidth"},
      {"both kinds in one", head + "#EXTINF:6,\na.ts\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb.m3u8\n", "refused: it is both a master and a media playlist"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(told(row.text) == row.told);
  }
}

TEST_CASE("a playlist of an address that may not be asked names nothing")  {
  const std::string list = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n";
  for (const char* base : {"http://ra%25dio.example/i", "ftp://radio.example/i", "https://a:b@radio.example/i", "radio.example/i", ""})
    CHECK(told(list, base) == "refused: it names an address that is none, or of another host");
  CHECK(told(list, "https://[2001:db8::1]:8443/i") == "6000 0:https://[2001:db8::1]:8443/a.ts:6000");
}

TEST_CASE("a playlist has bounds") {
  std::string many = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
  for (int i = 0; i < 1001; ++i) many += "#EXTINF:6,\na\n";
  CHECK(told(many) == "refused: it names more than 1,000 segments");
  CHECK(told("#EXTM3U\n" + std::string(256 * 1024, '\n')) == "refused: the playlist is larger than 256 KiB");
}

TEST_CASE("what a stream is made of is told by its first bytes, and by its name where they are cut") {
  const auto frames = [](std::string one, std::size_t length, int count) {
    one.resize(length, '\0');
    std::string all;
    for (int i = 0; i < count; ++i) all += one;
    return all;
  };
  const std::string mp3 = frames("\xFF\xFB\x50\xC4", 208, 8);                // MPEG-1 layer III, 64 kb/s, 44,100 Hz
  const std::string aac = frames("\xFF\xF1\x50\x80\x10\x1F\xFC", 128, 8);    // 128 bytes a frame
  const std::string ts = frames("\x47", 188, 10);
  const std::string ogg = std::string("OggS\0\2", 6) + std::string(22, '\0') + "OpusHead" + std::string(100, '\0');
  const std::string vorbis = std::string("OggS\0\2", 6) + std::string(22, '\0') + "\1vorbis";
  const std::string tag = std::string("ID3\4\0\0\0\0\0\4abcd", 14);
  struct Row {
    const char* name;
    std::string type, bytes;
    StreamFormat format;
  };
  const Row rows[] = {
      {"Ogg/Opus", "audio/ogg", ogg, StreamFormat::ogg_opus},
      {"Ogg/Opus without a name", "", ogg, StreamFormat::ogg_opus},
      {"Ogg/Vorbis", "audio/ogg", vorbis, StreamFormat::unsupported},
      {"MP3", "audio/mpeg", mp3, StreamFormat::mp3},
      {"MP3 behind a tag", "audio/mpeg", tag + mp3, StreamFormat::mp3},
      {"MP3 from the middle of a frame", "audio/mpeg", mp3.substr(100), StreamFormat::mp3},
      {"MP3 that is called AAC", "audio/aac", mp3, StreamFormat::mp3},
      {"AAC", "audio/aacp; charset=x", aac, StreamFormat::adts},
      {"AAC that is called MP3", "audio/mpeg", aac, StreamFormat::adts},
      {"AAC from the middle, told by name alone", "audio/aac", std::string(900, 'x'), StreamFormat::adts},
      {"MPEG-TS", "video/mp2t", ts, StreamFormat::mpeg_ts},
      {"HLS", "application/vnd.apple.mpegurl", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n", StreamFormat::hls},
      {"HLS that is called text", "text/plain", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n", StreamFormat::hls},
      {"a list of addresses", "audio/x-mpegurl", "#EXTM3U\nhttp://x/\n", StreamFormat::unsupported},
      {"a page", "text/html; charset=utf-8", "<html>", StreamFormat::unsupported},
      {"a page that holds frames", "text/html", mp3, StreamFormat::unsupported},
      {"anything", "application/octet-stream", std::string(900, 'x'), StreamFormat::unsupported},
      {"nothing", "", "", StreamFormat::unsupported},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(node::name_of(node::format_of(row.type, row.bytes)) == std::string(node::name_of(row.format)));
  }
}

TEST_CASE("the beginning of an Ogg chain is found, a page in its middle is not") {
  const std::string begins("OggS\0\2xx", 8), goes_on("OggS\0\0xx", 8);
  CHECK(node::ogg_chain_at(goes_on + begins, 0) == 8);
  CHECK(node::ogg_chain_at(begins + goes_on, 1) == std::string::npos);
  CHECK(node::ogg_chain_at(begins.substr(0, 5), 0) == std::string::npos);
}
