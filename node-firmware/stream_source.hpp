#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "node-firmware/stream_feed.hpp"
#include "scheduler/time.hpp"

namespace loa::node {

/// A stream as a plan names it.
struct StreamAddress {
  std::string url;
  bool plain_http_allowed = false;
  bool operator==(const StreamAddress&) const = default;
};

struct StreamSettings {
  std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";  ///< PEM of the authorities that streams' servers are believed by
  WatchTimes watch;
  Millis first_wait{1'000};   ///< before the second try; twice that at each further one …
  Millis most_wait{30'000};   ///< … up to this; from the beginning again once sound came for a minute
};

/// One stream that is wanted: bytes over HTTP and their decoding, on threads of its own, into a feed. Tries again for as long as it lives, and
/// judges certificates by the node's clock. Its end waits for nobody: what hangs in the network ends by itself, and reaches nothing any more.
class StreamSource {
 public:
  /// `epoch`: 1970 on the monotonic clock, by the node's clock.
  StreamSource(StreamAddress address, StreamSettings settings, std::chrono::nanoseconds epoch);
  ~StreamSource();
  StreamSource(const StreamSource&) = delete;
  StreamSource& operator=(const StreamSource&) = delete;

  const StreamAddress& address() const;
  const std::shared_ptr<StreamFeed>& feed() const;
  /// The node's clock was set.
  void set_epoch(std::chrono::nanoseconds epoch);
  /// Whether what the server sends can not be played here, or not at all.
  bool unsupported() const;
  /// After the source was destroyed: waits until its threads are at their end, no longer than `limit`; for the end of the program.
  static void await_all(std::chrono::milliseconds limit);

  class Work;

 private:
  std::shared_ptr<Work> work_;
};

}  // namespace loa::node
