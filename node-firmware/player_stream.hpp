#pragma once
#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "node-firmware/stream_feed.hpp"

namespace loa::node {

/// Gives a pipeline the samples of a stream, 20 ms at a time, whenever it asks: silence before begin(), and where the stream has none. So
/// nothing of the network ever makes the pipeline wait.
class StreamFiller {
 public:
  /// The chain's first element, in place of a file's decoder; its name is "stream".
  static constexpr const char* kElement =
      "appsrc name=stream format=time block=false max-bytes=1920 "
      "caps=audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved ! ";

  /// `echo`: what others take of the feed, instead of taking it.
  StreamFiller(std::shared_ptr<StreamFeed> feed, bool echo) : feed_(std::move(feed)), echo_(echo ? feed_->echo() : nullptr) {}
  ~StreamFiller();
  StreamFiller(const StreamFiller&) = delete;
  StreamFiller& operator=(const StreamFiller&) = delete;

  /// Loop, as the pipeline is built.
  static void join(const std::shared_ptr<StreamFiller>& filler, GstElement* source);
  /// Loop: the stream's own samples from now on, from its edge.
  void begin();
  /// Loop: no more of them, and unheard() counts no further.
  void end();
  /// Any thread: samples given that were not the stream's.
  std::int64_t unheard() const;

 private:
  void fill(GstElement* source);

  std::shared_ptr<StreamFeed> feed_;
  std::shared_ptr<StreamEcho> echo_;     ///< in its place
  std::atomic<bool> begun_{false};
  std::atomic<std::int64_t> before_{0};  ///< samples of silence given before begin()
  std::int64_t given_ = 0;               ///< pipeline thread
};

}  // namespace loa::node
