#pragma once
#include <cstddef>
#include <functional>
#include <string>

namespace loa::node::edge {

/// What was sent to the sink is sound above this, RMS in dBFS: below it nothing can be judged.
inline constexpr double kDigitalSound = -60;
/// Tracks that are measured at once at most; the player never has so many.
inline constexpr std::size_t kMostTracks = 16;

/// How the last track that could be judged came out of the amplifier, and the log's lines when that changes. Loop thread.
class AmplifierVerdict {
 public:
  /// `silent`: sound was sent and nothing came; `blind`: what measures gave nothing. `trouble` says why, asked once both are known; `well` is the line when
  /// neither holds any more.
  void judge(bool silent, bool blind, const std::function<std::string()>& trouble, const std::function<std::string()>& well);

  bool silent() const { return silent_; }
  bool blind() const { return blind_; }
  bool fault() const { return silent_ || blind_; }

 private:
  bool silent_ = false;
  bool blind_ = false;
};

}  // namespace loa::node::edge
