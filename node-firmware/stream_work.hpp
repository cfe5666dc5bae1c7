#pragma once
#include <curl/curl.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node-firmware/stream_decoder.hpp"
#include "node-firmware/stream_hls.hpp"
#include "node-firmware/stream_http.hpp"
#include "node-firmware/stream_source.hpp"

namespace loa::node {

/// What a source's thread shares with the loop, and all that the thread does.
class StreamSource::Work {
 public:
  Work(StreamAddress address, StreamSettings settings, std::chrono::nanoseconds epoch);

  /// The thread: tries again and again until given up.
  void serve();
  /// Loop.
  void give_up();

  const StreamAddress address;
  const std::shared_ptr<StreamFeed> feed;
  std::atomic<std::chrono::nanoseconds> epoch;
  std::atomic<bool> unsupported{false};

 private:
  bool over() const { return given_up_; }
  bool wait(Millis length);
  StreamTerms terms(std::int64_t most_bytes, Millis total_limit) const;
  void say(const std::string& what);

  // One try, to its end; the answer is why it ended.
  std::string once();
  bool pour(std::string_view bytes);
  bool push(std::string_view bytes);
  bool decide(std::string_view more);
  bool new_decoder();
  bool pour_ogg(std::string_view bytes);
  void end_decoder();

  // HLS (stream_work_hls.cpp).
  std::string follow(std::string text, std::string url);
  std::optional<std::string> fetch_playlist(std::string& url, std::string& why);
  bool play_window(const HlsPlaylist& list, std::string& why);
  bool play_segment(const HlsSegment& segment, std::string& why);

  const StreamSettings settings_;
  std::atomic<bool> given_up_{false};
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::string content_type_;
  std::string first_;                   ///< bytes before the format is known
  std::optional<StreamFormat> format_;
  std::unique_ptr<StreamDecoder> decoder_;
  std::string why_;                     ///< why bytes were not taken
  std::int64_t bytes_ = 0;              ///< decoded in this try
  std::int64_t arrived_before_ = 0;     ///< samples of earlier tries
  std::string tail_;                    ///< Ogg: up to 5 bytes that may begin a chain
  std::optional<std::int64_t> next_segment_;
  std::string said_;
};

}  // namespace loa::node
