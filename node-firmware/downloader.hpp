#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "scheduler/time.hpp"

namespace loa::node {

/// Against which time TLS certificates' dates are checked, and which authorities are trusted; chain and name always are checked. A
/// server that is refused for its dates is asked once more without them: the node's clock may be wrong, and what is fetched is proved by its hash.
struct TlsTime {
  bool check = true;                         ///< dates; false while the node's clock is untrusted
  std::optional<scheduler::TimePoint> now;   ///< the node's time; nothing: the system's
  std::string ca_pem = {};                   ///< trusted in place of those of the downloader's settings; empty: those
};

/// One file to get, or to prove where all of it is already there.
struct Download {
  std::string url;
  std::filesystem::path part;  ///< continued where it holds a beginning
  std::int64_t bytes = 0;      ///< exact size; more is refused as soon as it comes
  TlsTime tls;
};

enum class DownloadEnd {
  complete,   ///< `bytes` bytes are on disk, written through; `sha256` is theirs
  network,    ///< no connection, cut, too slow, timed out, TLS refused: what came stays in the part
  not_found,  ///< 404 or 410
  refused,    ///< any other status, redirects among them
  wrong_size, ///< the file there is longer or shorter than the plan says; the part was emptied
  disk        ///< the part could not be written
};

struct DownloadResult {
  DownloadEnd end = DownloadEnd::network;
  std::string sha256;  ///< complete: hash of the whole part
  std::string detail;  ///< one sentence for the log
};

/// Gets one file at a time. Called on the loop; answers there.
class Downloader {
 public:
  virtual ~Downloader() = default;
  using Done = std::function<void(const DownloadResult&)>;
  /// Begins; never two at once. `done` is called once, later, on the loop, unless cancel() came before.
  virtual void start(const Download& download, Done done) = 0;
  /// Gives up the running one: its `done` is not called; what came stays in the part.
  virtual void cancel() = 0;
};

}  // namespace loa::node
