#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "node-firmware/stream_source.hpp"

namespace loa::node {

/// The streams that a node listens to: those that sound, or that will within half a minute, so that it knows beforehand whether they can. Loop thread.
class Streams {
 public:
  static constexpr std::size_t kMost = 2;  ///< at a time; those named first

  virtual ~Streams() = default;
  /// Listens to these from now on, and to no other: what is not named any more is let go of at once. `epoch` as in StreamSource.
  virtual void want(const std::vector<StreamAddress>& streams, std::chrono::nanoseconds epoch) = 0;
  /// Whether it would sound if it were played now, as far as is known. Only of those that are wanted.
  virtual bool playable(const std::string& url) const = 0;
  /// Why not: `stream_lost`, `silent` or `unsupported`; else empty.
  virtual std::string reason(const std::string& url) const = 0;
  /// Its samples; null where it is not wanted.
  virtual std::shared_ptr<StreamFeed> feed(const std::string& url) const = 0;
};

/// The real ones. `changed` is called on the loop when a stream became playable or stopped being so.
std::unique_ptr<Streams> make_streams(boost::asio::any_io_executor executor, StreamSettings settings, std::function<void()> changed);

}  // namespace loa::node
