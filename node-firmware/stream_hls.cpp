#include "node-firmware/stream_hls.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "node-firmware/stream_format.hpp"

namespace loa::node {
namespace {

constexpr Millis kLongest{60'000};

/// What follows the tag `name` in this line; nothing where it is another.
std::optional<std::string_view> tag(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return {};
  line.remove_prefix(name.size());
  if (line.empty()) return line;
  if (line.front() != ':') return {};
  return line.substr(1);
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<Millis> seconds(std::string_view text) {
  const auto value = number<double>(text);
  if (!value || !(*value >= 0.0) || *value > 1e6) return {};
  return Millis(std::llround(*value * 1000));
}

/// The attribute of this name in an attribute list (RFC 8216, 4.2); commas in quotes part nothing.
std::string_view attribute(std::string_view list, std::string_view name) {
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] == '"') quoted = !quoted;
    if (i < list.size() && (quoted || list[i] != ',')) continue;
    const auto one = list.substr(begin, i - begin);
    if (const auto sign = one.find('='); sign != std::string_view::npos && one.substr(0, sign) == name) return one.substr(sign + 1);
    begin = i + 1;
  }
  return {};
}

class Reader {
 public:
  explicit Reader(const std::string& url) : url_(url) {}

  std::variant<HlsPlaylist, HlsVariant, HlsRefused> read(std::string_view text) {
    if (text.size() > kMostPlaylistBytes) return HlsRefused{"the playlist is larger than 256 KiB"};
    bool first = true;
    while (!text.empty() && why_.empty()) {
      const auto end = text.find('\n');
      auto line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (first && line != "#EXTM3U") return HlsRefused{"the playlist does not begin with #EXTM3U"};
      first = false;
      if (line.empty()) continue;
      line.front() == '#' ? take_tag(line) : take_address(line);
    }
    return made();
  }

 private:
  void take_tag(std::string_view line) {
    if (const auto value = tag(line, "#EXTINF")) {
      duration_ = seconds(value->substr(0, value->find(',')));
      if (!duration_ || *duration_ == Millis(0) || *duration_ > kLongest) why_ = "a segment's duration is none, or above a minute";
    } else if (const auto target = tag(line, "#EXT-X-TARGETDURATION")) {
      const auto length = seconds(*target);
      if (!length || *length == Millis(0) || *length > kLongest) why_ = "the target duration is none, or above a minute";
      else list_.target = *length;
    } else if (const auto sequence = tag(line, "#EXT-X-MEDIA-SEQUENCE")) {
      const auto first = number<std::int64_t>(*sequence);
      if (!first || *first < 0 || *first > std::int64_t{1} << 53 || !list_.segments.empty()) why_ = "the media sequence number is none";
      else number_ = *first;
    } else if (tag(line, "#EXT-X-DISCONTINUITY")) {
      discontinuity_ = true;
    } else if (tag(line, "#EXT-X-ENDLIST")) {
      list_.ended = true;
    } else if (tag(line, "#EXT-X-GAP")) {
      gap_ = true;
    } else if (const auto stream = tag(line, "#EXT-X-STREAM-INF")) {
      bandwidth_ = number<std::int64_t>(attribute(*stream, "BANDWIDTH"));
      if (!bandwidth_ || *bandwidth_ <= 0) why_ = "a variant has no bandwidth";
    } else {
      refuse_tag(line);
    }
  }

  void refuse_tag(std::string_view line) {
    for (const char* name : {"#EXT-X-KEY", "#EXT-X-SESSION-KEY"})
      if (const auto key = tag(line, name); key && attribute(*key, "METHOD") != "NONE") why_ = "its segments are encrypted";
    if (tag(line, "#EXT-X-BYTERANGE")) why_ = "its segments are parts of files";
    if (tag(line, "#EXT-X-MAP")) why_ = "its segments are fragmented MP4";
  }

  void take_address(std::string_view line) {
    const auto url = resolve_within(url_, line);
    if (!url) {
      why_ = "it names an address that is none, or of another host";
    } else if (bandwidth_) {
      if (!best_ || *bandwidth_ < best_->bandwidth) best_ = HlsVariant{*url, *bandwidth_};
      bandwidth_.reset();
    } else if (duration_) {
      if (list_.segments.size() >= kMostSegments) why_ = "it names more than 1,000 segments";
      const auto one = number_++;
      if (gap_) discontinuity_ = true;
      else list_.segments.push_back({*url, one, *duration_, std::exchange(discontinuity_, false)});
      duration_.reset();
      gap_ = false;
    } else {
      why_ = "an address has neither duration nor bandwidth";
    }
  }

  std::variant<HlsPlaylist, HlsVariant, HlsRefused> made() {
    if (!why_.empty()) return HlsRefused{why_};
    if (best_ && !list_.segments.empty()) return HlsRefused{"it is both a master and a media playlist"};
    if (best_) return *best_;
    if (list_.target == Millis(0)) return HlsRefused{"it has neither variants nor a target duration"};
    return std::move(list_);
  }

  const std::string& url_;
  HlsPlaylist list_;
  std::optional<HlsVariant> best_;
  std::int64_t number_ = 0;
  std::optional<Millis> duration_;
  std::optional<std::int64_t> bandwidth_;
  bool discontinuity_ = false;
  bool gap_ = false;
  std::string why_;
};

}  // namespace

std::variant<HlsPlaylist, HlsVariant, HlsRefused> read_playlist(std::string_view text, const std::string& url) {
  return Reader(url).read(text);
}

}  // namespace loa::node
