#include "node-firmware/stream_hub.hpp"

#include <curl/curl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <stdexcept>

namespace loa::node {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPace{100};
constexpr std::chrono::milliseconds kEndLimit{1000};

struct Listened {
  std::unique_ptr<StreamSource> source;
  StreamHealth health = StreamHealth::opening;
  bool unsupported = false;

  bool playable() const { return !unsupported && (health == StreamHealth::opening || health == StreamHealth::good); }
};

class CurlStreams final : public Streams {
 public:
  CurlStreams(asio::any_io_executor executor, StreamSettings settings, std::function<void()> changed)
      : settings_(std::move(settings)), changed_(std::move(changed)), timer_(executor) {}
  ~CurlStreams() override {
    timer_.cancel();
    listened_.clear();
    StreamSource::await_all(kEndLimit);
  }

  void want(const std::vector<StreamAddress>& streams, std::chrono::nanoseconds epoch) override {
    std::vector<StreamAddress> wanted(streams.begin(), streams.begin() + static_cast<std::ptrdiff_t>(std::min(streams.size(), kMost)));
    std::erase_if(listened_, [&wanted](const Listened& one) {
      return std::find(wanted.begin(), wanted.end(), one.source->address()) == wanted.end();
    });
    for (const auto& address : wanted) {
      const auto known = std::find_if(listened_.begin(), listened_.end(), [&address](const auto& one) { return one.source->address() == address; });
      if (known != listened_.end()) {
        known->source->set_epoch(epoch);
        continue;
      }
      spdlog::info("stream {}: listening", address.url);
      listened_.push_back({std::make_unique<StreamSource>(address, settings_, epoch), StreamHealth::opening, false});
    }
    if (!listened_.empty() && !ticking_) {
      passed_ = Steady::now();
      tick();
    }
  }

  bool playable(const std::string& url) const override {
    const auto* one = find(url);
    return one && one->playable();
  }

  std::string reason(const std::string& url) const override {
    const auto* one = find(url);
    if (!one || one->playable()) return {};
    if (one->unsupported) return "unsupported";
    return one->health == StreamHealth::silent ? "silent" : "stream_lost";
  }

  std::shared_ptr<StreamFeed> feed(const std::string& url) const override {
    const auto* one = find(url);
    return one ? one->source->feed() : nullptr;
  }

 private:
  const Listened* find(const std::string& url) const {
    const auto found = std::find_if(listened_.begin(), listened_.end(), [&url](const auto& one) { return one.source->address().url == url; });
    return found == listened_.end() ? nullptr : &*found;
  }

  /// What nobody plays goes by; what the feeds say of health is looked at.
  void tick() {
    ticking_ = true;
    const auto now = Steady::now();
    // A loop that was held up for long has not listened meanwhile.
    const auto length = std::min(std::chrono::floor<Millis>(now - passed_), Millis(1000));
    passed_ = length == Millis(1000) ? now : passed_ + length;
    bool changed = false;
    for (auto& one : listened_) {
      one.source->feed()->pass(length);
      const auto health = one.source->feed()->health();
      const bool unsupported = one.source->unsupported();
      if (health == one.health && unsupported == one.unsupported) continue;
      one.health = health;
      one.unsupported = unsupported;
      changed = true;
      spdlog::info("stream {}: {}", one.source->address().url, unsupported ? "unsupported" : words(health));
    }
    if (listened_.empty()) {
      ticking_ = false;
      return;
    }
    timer_.expires_after(kPace);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) tick();
    });
    if (changed) changed_();
  }

  static const char* words(StreamHealth health) {
    switch (health) {
      case StreamHealth::opening: return "opening";
      case StreamHealth::good: return "sounds";
      case StreamHealth::lost: return "lost";
      case StreamHealth::silent: return "silent";
    }
    return "";
  }

  StreamSettings settings_;
  std::function<void()> changed_;
  asio::steady_timer timer_;
  std::vector<Listened> listened_;
  Steady::time_point passed_;
  bool ticking_ = false;
};

}  // namespace

std::unique_ptr<Streams> make_streams(asio::any_io_executor executor, StreamSettings settings, std::function<void()> changed) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (global != CURLE_OK) throw std::runtime_error("libcurl does not start");
  return std::make_unique<CurlStreams>(std::move(executor), std::move(settings), std::move(changed));
}

}  // namespace loa::node
