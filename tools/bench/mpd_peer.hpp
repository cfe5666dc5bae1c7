#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "tests/support/process_memory.hpp"

namespace loa::bench {

/// mpd with its null output, playing one clip over and over: the peer of a node that does the same. Throws std::runtime_error where it is not installed
/// or does not answer.
class MpdPeer {
 public:
  /// `seconds`: the clip's length.
  MpdPeer(const std::filesystem::path& clip, double seconds);
  ~MpdPeer();
  /// Begins; `look` is told each second how often the clip was played, until it was `plays` times or `limit` has passed.
  void play(int plays, std::chrono::seconds limit, const std::function<void(int)>& look);
  tests::ProcessMemory memory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace loa::bench
