#include "node-firmware/downloader_curl.hpp"

#include <curl/curl.h>

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "node-firmware/transfer.hpp"

namespace loa::node {
namespace {

namespace asio = boost::asio;

class CurlDownloader final : public Downloader {
 public:
  CurlDownloader(asio::any_io_executor executor, CurlSettings settings)
      : executor_(std::move(executor)), settings_(std::move(settings)), multi_(curl_multi_init(), curl_multi_cleanup) {
    if (!multi_) throw std::runtime_error("libcurl does not start");
    thread_ = std::thread([this] { serve(); });
  }
  ~CurlDownloader() override {
    {
      const std::lock_guard lock(mutex_);
      quit_ = true;
      wanted_ = ++number_;
    }
    wake_.notify_one();
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

  void start(const Download& download, Done done) override {
    done_ = std::move(done);
    {
      const std::lock_guard lock(mutex_);
      next_ = download;
      wanted_ = ++number_;
    }
    wake_.notify_one();
  }

  void cancel() override {
    done_ = nullptr;
    {
      const std::lock_guard lock(mutex_);
      next_.reset();
      wanted_ = ++number_;
    }
    curl_multi_wakeup(multi_.get());
  }

 private:
  /// The fetch thread: one download after the other.
  void serve() {
    while (true) {
      Download download;
      std::uint64_t number = 0;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return quit_ || next_; });
        if (quit_) return;
        download = std::move(*next_);
        next_.reset();
        number = wanted_;
      }
      const DownloadResult result = fetch(multi_.get(), download, settings_, [&] { return wanted_ != number; });
      const std::weak_ptr<int> alive = alive_;
      asio::post(executor_, [this, alive, number, result] {
        if (!alive.expired()) finish(number, result);
      });
    }
  }

  void finish(std::uint64_t number, const DownloadResult& result) {
    if (number != wanted_ || !done_) return;  // cancelled meanwhile
    Done done = std::move(done_);
    done_ = nullptr;
    done(result);
  }

  asio::any_io_executor executor_;
  CurlSettings settings_;
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;  ///< keeps connections open from one file to the next
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  Done done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Download> next_;
  std::uint64_t number_ = 0;
  std::atomic<std::uint64_t> wanted_{0};  ///< the download that is still of interest
  bool quit_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Downloader> make_curl_downloader(asio::any_io_executor executor, CurlSettings settings) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (global != CURLE_OK) throw std::runtime_error("libcurl does not start");
  return std::make_unique<CurlDownloader>(std::move(executor), std::move(settings));
}

}  // namespace loa::node
