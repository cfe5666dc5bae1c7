#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/durable_file.hpp"
#include "node-firmware/node_clock.hpp"
#include "scheduler/time.hpp"

namespace loa::node {

/// What the node must never forget besides the signed messages that it holds.
struct Marks {
  std::int64_t plan_highest = 0;          ///< highest plan revision that any valid head named, or that was taken
  scheduler::TimePoint newest_signed;     ///< newest issue time in anything whose signature held
  scheduler::TimePoint last_head_issued;  ///< heads must rise above it
  std::int64_t session_number = 0;        ///< of the last connect
  std::vector<std::string> areas;         ///< the chain in force, the province first; empty: the bundle's
  std::map<std::string, std::int64_t> alert_highest;  ///< by area: highest snapshot revision named or taken
  std::optional<HeldOffset> clock;
  bool operator==(const Marks&) const = default;
};

/// The node's memory of what it was told, in its state folder: `plan.jws`, `keys.jws`, `alerts/AREA.jws` as they were signed,
/// and `marks.json`. Each write is whole or not at all (durable_file.hpp). It keeps bytes: whoever loads verifies them anew.
/// Throws std::system_error when the disk refuses. Loop thread.
class PlanStore {
 public:
  explicit PlanStore(std::filesystem::path folder, DiskHook hook = {});

  const Marks& marks() const { return marks_; }
  /// Writes only where something changed.
  void keep(const Marks& marks);

  std::optional<std::string> plan() const;
  void keep_plan(const std::string& jws);
  void drop_plan();

  std::optional<std::string> keys() const;
  void keep_keys(const std::string& jws);

  /// Every alert snapshot kept, by area.
  std::map<std::string, std::string> alerts() const;
  void keep_alert(const std::string& area, const std::string& jws);
  void drop_alert(const std::string& area);

 private:
  std::filesystem::path folder_;
  DiskHook hook_;
  Marks marks_;
};

}  // namespace loa::node
