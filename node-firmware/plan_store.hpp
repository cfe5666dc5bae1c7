#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "node-firmware/durable_file.hpp"
#include "node-firmware/marks.hpp"

namespace loa::node {

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
