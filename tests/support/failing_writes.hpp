#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace loa::tests {

/// The order to a real program that chosen calls of its disk fail (tests/support/failing_writes.cpp, preloaded). Nothing fails until told.
class FailingWrites {
 public:
  /// `folder` is where the rules are kept; it is not the disk that fails.
  explicit FailingWrites(std::filesystem::path folder) : file_(std::move(folder) / "failing") {}

  std::vector<std::string> environment() const {
    return {"LD_PRELOAD=" LOA_FAILING_WRITES, "LOA_FAILING_WRITES=" + file_.string(), "ASAN_OPTIONS=verify_asan_link_order=0"};
  }
  /// From the `nth` on, `call` (write, sync, rename, open, read) on paths that hold `part` fails with `error` (an errno).
  void fail(const std::string& call, const std::string& part, int error, int nth = 1) {
    rules_ += call + " " + part + " " + std::to_string(nth) + " " + std::to_string(error) + "\n";
    put();
  }
  void heal() {
    rules_.clear();
    put();
  }
  /// Which calls failed so far, one a line.
  std::string hits() const {
    std::ifstream in(file_.string() + ".hits");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  void put() {
    std::ofstream(file_.string() + ".new") << rules_;
    std::filesystem::rename(file_.string() + ".new", file_);
  }
  std::filesystem::path file_;
  std::string rules_;
};

}  // namespace loa::tests
