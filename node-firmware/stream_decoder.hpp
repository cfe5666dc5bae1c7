#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "node-firmware/stream_feed.hpp"
#include "node-firmware/stream_format.hpp"

namespace loa::node {

/// Why this format cannot be decoded here, naming the Debian package that is missing; empty: it can. Loads what it needs.
std::string cannot_decode(StreamFormat format);

/// Turns the bytes of one unbroken stretch of a stream into samples of its feed, by GStreamer, with the decoder of its format alone. The calls
/// are one thread's; the feed gets its samples on another.
class StreamDecoder {
 public:
  /// Throws std::runtime_error where cannot_decode() says something.
  StreamDecoder(StreamFormat format, std::shared_ptr<StreamFeed> feed);
  ~StreamDecoder();
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;

  /// Waits while 64 KiB lie before the decoder. False: it failed, takes nothing for half a minute, the feed is closed, or `given_up` said so.
  bool push(std::string_view bytes, const std::function<bool()>& given_up);
  /// No more bytes: waits until everything is in the feed, at most as long as that can last.
  void finish(const std::function<bool()>& given_up);
  /// Why bytes were not taken, in GStreamer's words where it said something.
  std::string failure() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace loa::node
