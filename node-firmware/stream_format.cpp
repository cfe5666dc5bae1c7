#include "node-firmware/stream_format.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace loa::node {
namespace {

constexpr std::size_t kMostAddress = 2000;
constexpr std::size_t kTsPacket = 188;

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return made;
}

unsigned at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

/// Length of the MP3 frame whose header is at `i`; 0: there is none.
std::size_t mp3_frame(std::string_view bytes, std::size_t i) {
  if (i + 4 > bytes.size() || at(bytes, i) != 0xFF || (at(bytes, i + 1) & 0xE6U) != 0xE2U) return 0;  // layer III
  const unsigned version = (at(bytes, i + 1) >> 3U) & 3U;  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const unsigned rate_index = at(bytes, i + 2) >> 4U;
  const unsigned hertz_index = (at(bytes, i + 2) >> 2U) & 3U;
  if (version == 1 || rate_index == 0 || rate_index == 15 || hertz_index == 3) return 0;
  static constexpr unsigned kOne[] = {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320};
  static constexpr unsigned kTwo[] = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};
  static constexpr unsigned kHertz[] = {44100, 48000, 32000};
  const unsigned rate = (version == 3 ? kOne : kTwo)[rate_index] * 1000;
  const unsigned hertz = kHertz[hertz_index] >> (version == 3 ? 0U : version == 2 ? 1U : 2U);
  return (version == 3 ? 144U : 72U) * rate / hertz + ((at(bytes, i + 2) >> 1U) & 1U);
}

/// The same for ADTS.
std::size_t adts_frame(std::string_view bytes, std::size_t i) {
  if (i + 7 > bytes.size() || at(bytes, i) != 0xFF || (at(bytes, i + 1) & 0xF6U) != 0xF0U) return 0;
  if (((at(bytes, i + 2) >> 2U) & 15U) > 12) return 0;
  const std::size_t length = ((at(bytes, i + 3) & 3U) << 11U) | (at(bytes, i + 4) << 3U) | (at(bytes, i + 5) >> 5U);
  return length >= 7 ? length : 0;
}

/// Whether a frame begins anywhere that is followed by another, or by the end of what is there.
template <class Frame>
bool has_frames(std::string_view bytes, Frame frame) {
  for (std::size_t i = 0; i + 7 <= bytes.size(); ++i) {
    const std::size_t length = frame(bytes, i);
    if (length == 0) continue;
    const std::size_t next = i + length;
    if (next + 7 > bytes.size() ? i == 0 : frame(bytes, next) > 0) return true;
  }
  return false;
}

bool is_ts(std::string_view bytes) {
  if (bytes.size() < 2 * kTsPacket + 1) return false;
  for (std::size_t i = 0; i < bytes.size(); i += kTsPacket)
    if (bytes[i] != 0x47) return false;
  return true;
}

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string made(text);
  curl_free(text);
  return made;
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kMostAddress &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '\\'; });
}

/// A name or address whose spelling is its only one: libcurl would take "%65" in it for "e".
bool is_host(std::string_view host) {
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
  const bool six = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (six) return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  return !host.empty() && host.find_first_not_of(kName) == std::string_view::npos;
}

std::optional<StreamOrigin> origin_of(CURLU* url) {
  StreamOrigin origin{lower(part(url, CURLUPART_SCHEME)), lower(part(url, CURLUPART_HOST)), part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  const bool web = origin.scheme == "http" || origin.scheme == "https";
  if (!web || !is_host(origin.host) || !part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty()) return {};
  return origin;
}

}  // namespace

StreamFormat format_of(std::string_view content_type, std::string_view first) {
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  // A playlist is known by its first line alone: some servers call it text.
  if (first.starts_with("#EXTM3U"))
    return first.find("#EXT-X-") != std::string_view::npos ? StreamFormat::hls : StreamFormat::unsupported;
  if (type.starts_with("text/") || type.ends_with("mpegurl")) return StreamFormat::unsupported;
  if (first.starts_with("OggS")) return first.find("OpusHead") != std::string_view::npos ? StreamFormat::ogg_opus : StreamFormat::unsupported;
  if (is_ts(first)) return StreamFormat::mpeg_ts;
  const auto frames = first.substr(std::min(id3_size(first), first.size()));
  const bool aac = has_frames(frames, adts_frame);
  const bool mp3 = has_frames(frames, mp3_frame);
  const bool called_mp3 = type == "audio/mpeg" || type == "audio/mp3";
  const bool called_aac = type == "audio/aac" || type == "audio/aacp" || type == "audio/x-aac";
  if (aac != mp3) return aac ? StreamFormat::adts : StreamFormat::mp3;
  if (called_mp3) return StreamFormat::mp3;
  return called_aac ? StreamFormat::adts : StreamFormat::unsupported;
}

std::size_t id3_size(std::string_view bytes) {
  if (bytes.size() < 10 || !bytes.starts_with("ID3")) return 0;
  std::size_t size = 0;
  for (std::size_t i = 6; i < 10; ++i) {
    if (at(bytes, i) > 0x7F) return 0;
    size = size << 7U | at(bytes, i);
  }
  return 10 + size + ((at(bytes, 5) & 0x10U) != 0 ? 10 : 0);
}

std::size_t ogg_chain_at(std::string_view bytes, std::size_t from) {
  for (auto i = bytes.find("OggS", from); i != std::string_view::npos; i = bytes.find("OggS", i + 1))
    if (i + 5 < bytes.size() && bytes[i + 4] == 0 && (at(bytes, i + 5) & 2U) != 0) return i;
  return std::string_view::npos;
}

const char* name_of(StreamFormat format) {
  switch (format) {
    case StreamFormat::ogg_opus: return "Ogg/Opus";
    case StreamFormat::mp3: return "MP3";
    case StreamFormat::adts: return "AAC";
    case StreamFormat::mpeg_ts: return "MPEG-TS";
    case StreamFormat::hls: return "HLS";
    case StreamFormat::unsupported: break;
  }
  return "something else";
}

std::optional<StreamOrigin> origin_of(const std::string& url) {
  const Url parsed(curl_url(), curl_url_cleanup);
  if (!parsed || !is_plain(url) || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  return origin_of(parsed.get());
}

std::optional<std::string> resolve_within(const std::string& base, std::string_view reference) {
  const auto origin = origin_of(base);
  const Url parsed(curl_url(), curl_url_cleanup);
  if (!origin || !parsed || !is_plain(reference)) return {};
  if (curl_url_set(parsed.get(), CURLUPART_URL, base.c_str(), 0) != CURLUE_OK) return {};
  if (curl_url_set(parsed.get(), CURLUPART_URL, std::string(reference).c_str(), 0) != CURLUE_OK) return {};
  if (origin_of(parsed.get()) != origin) return {};
  auto made = part(parsed.get(), CURLUPART_URL);
  if (made.empty() || made.size() > kMostAddress) return {};
  return made;
}

}  // namespace loa::node
