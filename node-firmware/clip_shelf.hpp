#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/cache.hpp"
#include "scheduler/alert.hpp"
#include "scheduler/history.hpp"
#include "scheduler/plan.hpp"

namespace loa::node {

/// The clips of this node, as conductor and agent see them: disk and network are behind it. Loop thread.
class ClipShelf {
 public:
  virtual ~ClipShelf() = default;
  /// Where the verified bytes of `sha256` are; nothing while they are not here.
  virtual std::optional<std::filesystem::path> find(const std::string& sha256) = 0;
  /// Replaces what is to be held, and where it can be had (`https://host:port`).
  virtual void want(std::vector<WantedClip> clips, std::vector<std::string> bases) = 0;
  /// Nothing that is needed later is fetched for now; nothing: everything is.
  virtual void fetch_until(std::optional<scheduler::TimePoint> until) = 0;
  /// Why a wanted clip is not here yet (`hash`, `not_found` …); empty where nothing is known against it.
  virtual std::string reason(const std::string& sha256) const = 0;
  /// The disk did not give the bytes of `sha256` to who played it; `why` in the system's words.
  virtual void could_not_read(const std::string& sha256, const std::string& why) = 0;
  /// The network came back: what failed is tried at once.
  virtual void retry_now() = 0;
  virtual CacheReport report() = 0;
  /// Stock clips that came with the node, `tone` among them.
  virtual const std::vector<scheduler::StockClip>& shipped() const = 0;
};

/// Everything that plan and alerts name and that is not over at `now`, once each, with the nearest time that needs it. Alerts come before all else, an
/// area's stock clips after what is due within the hour. With `history` what was missed or cut and may still sound is among it, and what has
/// its outcome is not.
std::vector<WantedClip> wanted_clips(const scheduler::Plan* plan, const std::vector<scheduler::Alert>& alerts, scheduler::TimePoint now,
                                     const scheduler::History* history = nullptr);

}  // namespace loa::node
