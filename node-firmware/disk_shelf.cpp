#include "node-firmware/disk_shelf.hpp"

#include <spdlog/spdlog.h>

#include "node-firmware/opus_length.hpp"

namespace loa::node {

namespace {

std::vector<scheduler::StockClip> list_shipped(const Cache& cache, const std::filesystem::path& folder) {
  std::vector<scheduler::StockClip> clips;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".opus") continue;
    const auto name = entry.path().stem().string();
    const auto shipped = cache.shipped(name);
    if (!shipped) continue;
    const auto length = opus_length(shipped->second);
    if (!length) {
      spdlog::error("{}: not an Ogg/Opus file", shipped->second.string());
      continue;
    }
    clips.push_back({name, shipped->first, static_cast<std::int64_t>(entry.file_size()), *length});
  }
  if (clips.empty()) spdlog::warn("{}: no stock clips; an alert without its own clip will be silent", folder.string());
  return clips;
}

}  // namespace

DiskShelf::DiskShelf(boost::asio::any_io_executor loop, CacheSettings settings, DiskHealth& disk, Downloader& downloader,
                     std::function<TlsTime()> tls_time, std::function<scheduler::TimePoint()> now, std::function<void()> changed)
    : cache_(settings, disk),
      fetcher_(loop, cache_, downloader, FetcherSettings{},
               FetcherEvents{[changed](const std::string&) { changed(); },
                             [changed](const std::string& sha256, const std::string& reason, const std::string& detail) {
                               spdlog::warn("clip {}: {}: {}", sha256.substr(0, 12), reason, detail);
                               changed();
                             }}),
      scrub_(loop, cache_, std::move(now), ClipScrub::Times{}, [this, changed] {
        want_lost();
        changed();
      }),
      shipped_(list_shipped(cache_, settings.stock)) {
  fetcher_.set_tls_time(std::move(tls_time));
}

void DiskShelf::want(std::vector<WantedClip> clips, std::vector<std::string> bases) {
  wanted_ = std::move(clips);
  bases_ = std::move(bases);
  fetcher_.want(wanted_, bases_);
}

std::optional<std::filesystem::path> DiskShelf::find(const std::string& sha256) {
  auto found = cache_.find(sha256);
  want_lost();
  return found;
}

// The fetcher has no job for what was held when it was told its wishes.
void DiskShelf::want_lost() {
  if (cache_.take_lost()) fetcher_.want(wanted_, bases_);
}

}  // namespace loa::node
