#pragma once
#include <optional>
#include <vector>

#include "node-firmware/downloader.hpp"

namespace loa::tests {

/// A downloader that only remembers what it was asked; the test answers.
class FakeDownloader final : public node::Downloader {
 public:
  void start(const node::Download& download, Done done) override {
    asked.push_back(download);
    done_ = std::move(done);
  }
  void cancel() override { done_ = nullptr; ++cancelled; }
  bool busy() const { return static_cast<bool>(done_); }
  /// Ends the running transfer.
  void answer(const node::DownloadResult& result) {
    Done done = std::move(done_);
    done_ = nullptr;
    done(result);
  }

  std::vector<node::Download> asked;  ///< oldest first
  int cancelled = 0;

 private:
  Done done_;
};

}  // namespace loa::tests
