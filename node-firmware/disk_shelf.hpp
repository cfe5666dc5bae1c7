#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>

#include "node-firmware/clip_scrub.hpp"
#include "node-firmware/clip_shelf.hpp"
#include "node-firmware/downloader.hpp"
#include "node-firmware/fetcher.hpp"

namespace loa::node {

/// The real shelf: cache on disk, filled by the fetcher.
class DiskShelf final : public ClipShelf {
 public:
  /// `changed` is called on the loop when a clip came, was lost or was given up for now; `now` is the node's clock.
  DiskShelf(boost::asio::any_io_executor loop, CacheSettings settings, DiskHealth& disk, Downloader& downloader,
            std::function<TlsTime()> tls_time, std::function<scheduler::TimePoint()> now, std::function<void()> changed);

  std::optional<std::filesystem::path> find(const std::string& sha256) override;
  void want(std::vector<WantedClip> clips, std::vector<std::string> bases) override;
  void fetch_until(std::optional<scheduler::TimePoint> until) override { fetcher_.fetch_until(until); }
  std::string reason(const std::string& sha256) const override { return fetcher_.reason(sha256); }
  void could_not_read(const std::string& sha256, const std::string& why) override { cache_.could_not_read(sha256, why); }
  void retry_now() override { fetcher_.retry_now(); }
  CacheReport report() override { return cache_.report(); }
  const std::vector<scheduler::StockClip>& shipped() const override { return shipped_; }

 private:
  void want_lost();

  Cache cache_;
  Fetcher fetcher_;
  ClipScrub scrub_;
  std::vector<scheduler::StockClip> shipped_;
  std::vector<WantedClip> wanted_;
  std::vector<std::string> bases_;
};

}  // namespace loa::node
