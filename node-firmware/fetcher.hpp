#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "node-firmware/cache.hpp"
#include "node-firmware/downloader.hpp"

namespace loa::node {

struct FetcherSettings {
  std::size_t most_wanted = 4096;                  ///< of a longer list the farthest are left for the next want()
  std::chrono::milliseconds backoff_first{1000};   ///< a wait is uniform in [0, min(last, first·2ⁿ)] (full jitter)
  std::chrono::milliseconds backoff_last{300000};
  int hash_attempts = 2;                           ///< wrong bytes this often: `failed`, then tried only at the longest wait
};

/// What the fetcher reports, on the loop.
struct FetcherEvents {
  std::function<void(const std::string& sha256)> held;  ///< verified and in the cache
  /// Wanted and not to be had now: `hash`, `not_found`, `size`, `refused`, `no_room`, `disk`; said once until it changes, trying goes on.
  std::function<void(const std::string& sha256, const std::string& reason, const std::string& detail)> failed;
};

/// Brings what is wanted into the cache, one file at a time, the nearest occurrence first. Loop thread only.
class Fetcher {
 public:
  Fetcher(boost::asio::any_io_executor executor, Cache& cache, Downloader& downloader, FetcherSettings settings,
          FetcherEvents events);
  ~Fetcher();

  /// Replaces what is wanted (and pins it in the cache) and where files are (`https://host:port`, up to three, in order).
  /// A running transfer of something no longer wanted, or less near than another, is put back and resumed in its turn.
  void want(std::vector<WantedClip> clips, std::vector<std::string> bases);
  /// What is needed after `until` waits, a running transfer of it too; nothing: all is fetched. It stays wanted and pinned.
  void fetch_until(std::optional<scheduler::TimePoint> until);
  /// How TLS dates are to be checked from the next transfer on.
  void set_tls_time(std::function<TlsTime()> now) { tls_time_ = std::move(now); }
  /// Forgets waits: after the network came back.
  void retry_now();
  /// Why a wanted clip is not here, as `failed` last said; empty where nothing is known against it.
  std::string reason(const std::string& sha256) const;

 private:
  struct Job {
    WantedClip clip;
    int failures = 0;        ///< in a row, for the back-off
    int wrong_hashes = 0;
    std::size_t base = 0;    ///< which address is next
    std::chrono::steady_clock::time_point not_before{};
    std::string reason;
  };
  void next();
  void run(Job& job);
  void finish(const std::string& sha256, const DownloadResult& result);
  void wrong_bytes(Job& job);
  void put_off(Job& job);
  void say(Job& job, const std::string& reason, const std::string& detail);
  void drop_running();

  Cache& cache_;
  Downloader& downloader_;
  FetcherSettings settings_;
  FetcherEvents events_;
  std::function<TlsTime()> tls_time_;
  boost::asio::steady_timer timer_;
  std::map<std::string, Job> jobs_;
  std::vector<std::string> bases_;
  std::string running_;
  std::optional<scheduler::TimePoint> until_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace loa::node
