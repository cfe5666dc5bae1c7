#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "node-firmware/kept_files.hpp"
#include "node-firmware/marks.hpp"

namespace loa::node {

/// The node's memory of what it was told, in its state folder: `plan.jws`, `keys.jws`, `alerts/AREA.jws` as they were signed,
/// and `marks.json`. Each write is whole or not at all (durable_file.hpp). It keeps bytes: whoever loads verifies them anew. What
/// cannot be read is lost and said (kept_files.hpp). Throws std::system_error when the disk refuses a write. Loop thread.
class PlanStore {
 public:
  explicit PlanStore(std::filesystem::path folder, DiskHook hook = {});

  const Marks& marks() const { return marks_; }
  /// Writes only where something changed.
  void keep(const Marks& marks);

  std::optional<std::string> plan();
  void keep_plan(const std::string& jws);
  void drop_plan();

  /// The key set, or its copy where it does not satisfy `good` (says why, empty: it does): without it the node may not know the broker's
  /// authority.
  std::optional<std::string> keys(const std::function<std::string(const std::string&)>& good);
  void keep_keys(const std::string& jws);

  /// Every alert snapshot kept, by area.
  std::map<std::string, std::string> alerts();
  void keep_alert(const std::string& area, const std::string& jws);
  void drop_alert(const std::string& area);

  /// What was lost of all this since the start.
  const std::vector<Loss>& losses() const { return files_.losses(); }

 private:
  KeptFiles files_;
  DiskHook hook_;
  Marks marks_;
};

}  // namespace loa::node
