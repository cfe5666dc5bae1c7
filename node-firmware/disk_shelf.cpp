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

DiskShelf::DiskShelf(boost::asio::any_io_executor loop, CacheSettings settings, Downloader& downloader,
                     std::function<TlsTime()> tls_time, std::function<void()> changed)
    : cache_(settings),
      fetcher_(loop, cache_, downloader, FetcherSettings{},
               FetcherEvents{[changed](const std::string&) { changed(); },
                             [changed](const std::string& sha256, const std::string& reason, const std::string& detail) {
                               spdlog::warn("clip {}: {}: {}", sha256.substr(0, 12), reason, detail);
                               changed();
                             }}),
      shipped_(list_shipped(cache_, settings.stock)) {
  fetcher_.set_tls_time(std::move(tls_time));
}

void DiskShelf::want(std::vector<WantedClip> clips, std::vector<std::string> bases) {
  fetcher_.want(std::move(clips), std::move(bases));
}

}  // namespace loa::node
