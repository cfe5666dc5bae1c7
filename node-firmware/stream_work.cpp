#include "node-firmware/stream_work.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <thread>

namespace loa::node {
namespace {

constexpr Millis kLook{50};
constexpr std::size_t kChainHead = 6;
constexpr std::int64_t kMostBytesASecond = 64 * 1024;
constexpr std::int64_t kSlackBytes = 1024 * 1024;
/// So much sound without an end makes the next wait short again.
constexpr std::int64_t kGoodSamples = std::int64_t{60'000} * StreamFeed::kPerMs;

}  // namespace

StreamSource::Work::Work(StreamAddress wanted, StreamSettings settings, std::chrono::nanoseconds since)
    : address(std::move(wanted)), feed(std::make_shared<StreamFeed>(settings.watch)), epoch(since), settings_(std::move(settings)),
      multi_(curl_multi_init(), curl_multi_cleanup) {
  if (!multi_) throw std::runtime_error("libcurl does not start");
}

void StreamSource::Work::give_up() {
  given_up_ = true;
  feed->close();
  curl_multi_wakeup(multi_.get());
}

bool StreamSource::Work::wait(Millis length) {
  const auto until = std::chrono::steady_clock::now() + length;
  while (!over() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kLook);
  return !over();
}

StreamTerms StreamSource::Work::terms(std::int64_t most_bytes, Millis total_limit) const {
  StreamTerms made;
  made.plain_http_allowed = address.plain_http_allowed;
  made.ca_file = settings_.ca_file;
  made.now = scheduler::TimePoint{std::chrono::floor<Millis>(std::chrono::steady_clock::now().time_since_epoch() - epoch.load())};
  made.most_bytes = most_bytes;
  made.total_limit = total_limit;
  return made;
}

/// The same trouble is said once.
void StreamSource::Work::say(const std::string& what) {
  if (what == said_ || over()) return;
  said_ = what;
  spdlog::warn("stream {}: {}", address.url, what);
}

void StreamSource::Work::serve() {
  Millis pause = settings_.first_wait;
  while (!over()) {
    const auto before = feed->arrived();
    std::string why;
    try {
      why = once();
    } catch (const std::exception& error) {
      why = error.what();
    }
    end_decoder();
    say(why);
    if (feed->arrived() - before > kGoodSamples) {
      pause = settings_.first_wait;
      said_.clear();
    }
    if (!wait(pause)) return;
    pause = std::min(pause * 2, settings_.most_wait);
  }
}

std::string StreamSource::Work::once() {
  why_.clear();
  first_.clear();
  format_.reset();
  bytes_ = 0;
  feed->fresh();
  arrived_before_ = feed->arrived();
  std::string final_url, playlist;
  StreamTaker taker;
  taker.begins = [&](const std::string& url, const std::string& type) {
    final_url = url;
    content_type_ = type;
    return true;
  };
  taker.data = [&](std::string_view bytes) {
    if (format_ != StreamFormat::hls) return pour(bytes);
    first_.append(bytes);
    if (first_.size() > kMostPlaylistBytes) why_ = "the playlist is larger than 256 KiB";
    return why_.empty();
  };
  const auto result = get_stream(multi_.get(), address.url, terms(0, Millis(0)), taker, [this] { return over(); });
  if (!format_ && !first_.empty()) decide({});
  if (format_ == StreamFormat::hls && result.end == GetEnd::ended) return follow(std::move(first_), final_url);
  if (result.end == GetEnd::ended && decoder_) decoder_->finish([this] { return over(); });
  return !why_.empty() ? why_ : result.detail;
}

/// What becomes of bytes, for any format but HLS; false, and `why_`, where nothing does.
bool StreamSource::Work::pour(std::string_view bytes) {
  if (!format_) {
    first_.append(bytes);
    const bool told = first_.size() >= kFormatBytes || format_of(content_type_, first_) == StreamFormat::ogg_opus;
    return !told || decide({});
  }
  if (!decoder_ && !new_decoder()) return false;
  if (format_ == StreamFormat::ogg_opus) return pour_ogg(bytes);
  return push(bytes);
}

bool StreamSource::Work::push(std::string_view bytes) {
  if (bytes.empty()) return true;
  // Bytes that give no sound, or far too little, would only use up the SIM card.
  bytes_ += static_cast<std::int64_t>(bytes.size());
  const auto seconds = (feed->arrived() - arrived_before_) / (1000 * StreamFeed::kPerMs);
  if (bytes_ > kSlackBytes + seconds * kMostBytesASecond) {
    why_ = "too many bytes for the sound in them";
    return false;
  }
  if (decoder_->push(bytes, [this] { return over(); })) return true;
  why_ = "it cannot be decoded: " + decoder_->failure();
  return false;
}

bool StreamSource::Work::decide(std::string_view more) {
  first_.append(more);
  format_ = format_of(content_type_, first_);
  if (format_ == StreamFormat::hls) return true;
  if (!new_decoder()) return false;
  const std::string bytes = std::move(first_);
  first_.clear();
  return pour(bytes);
}

bool StreamSource::Work::new_decoder() {
  end_decoder();
  why_ = cannot_decode(*format_);
  unsupported = !why_.empty();
  if (!why_.empty()) return false;
  decoder_ = std::make_unique<StreamDecoder>(*format_, feed);
  return true;
}

/// Each song may be an Ogg stream of its own, chained to the one before: each gets a decoder of its own.
bool StreamSource::Work::pour_ogg(std::string_view bytes) {
  std::string all = std::move(tail_);
  all.append(bytes);
  tail_.clear();
  std::size_t from = 0;
  for (auto chain = ogg_chain_at(all, 0); chain != std::string::npos; chain = ogg_chain_at(all, chain + 1)) {
    if (chain == 0 && bytes_ == 0) continue;  // the very first
    if (!push(std::string_view(all).substr(from, chain - from))) return false;
    decoder_->finish([this] { return over(); });
    if (!new_decoder()) return false;
    from = chain;
  }
  // A chain's beginning may be cut in two.
  auto end = all.size();
  for (std::size_t keep = std::min(kChainHead - 1, all.size() - from); keep > 0; --keep) {
    const auto rest = std::string_view(all).substr(all.size() - keep);
    if (!rest.starts_with(std::string_view("OggS").substr(0, std::min<std::size_t>(keep, 4)))) continue;
    end = all.size() - keep;
    break;
  }
  if (!push(std::string_view(all).substr(from, end - from))) return false;
  tail_ = all.substr(end);
  return true;
}

void StreamSource::Work::end_decoder() {
  decoder_.reset();
  tail_.clear();
}

}  // namespace loa::node
