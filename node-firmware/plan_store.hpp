#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "node-firmware/disk_health.hpp"
#include "node-firmware/kept_files.hpp"
#include "node-firmware/marks.hpp"

namespace loa::node {

/// The node's memory of what it was told, in its state folder: `plan.jws`, `keys.jws`, `alerts/AREA.jws` as they were signed,
/// `heard-alerts.json` (heard_alerts.hpp) and `marks.json`. Each write is whole or not at all (durable_file.hpp). It keeps bytes: whoever loads verifies them anew. What
/// cannot be read is lost and said (kept_files.hpp). Loop thread.
/// What the disk refuses to take stays in memory, the newest of each file, and is written by flush(). Revisions and orders are written
/// before they are acted on because a number that a crash takes back lets an old message count again; on a disk that refuses, the first
/// head after a restart names all of them anew, which is worth more than a loudspeaker that falls silent.
class PlanStore {
 public:
  PlanStore(std::filesystem::path folder, DiskHealth& disk, DiskHook hook = {});

  const Marks& marks() const { return marks_; }
  /// Writes only where something changed that is worth it (worth_writing()); keep_all() writes the rest, at an orderly end.
  void keep(const Marks& marks);
  void keep_all();

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

  /// What has become of the soundings of alerts; empty where nothing was kept.
  std::string heard_alerts();
  void keep_heard_alerts(const std::string& text);

  /// What was lost of all this since the start.
  const std::vector<Loss>& losses() const { return files_.losses(); }

  /// Tries again what the disk refused, each file when DiskHealth says so.
  void flush();
  /// Whether all that was kept is on disk.
  bool is_written() const { return refused_.empty(); }

 private:
  void put(const std::string& name, std::optional<std::string> bytes);
  bool put_now(const std::string& name, const std::optional<std::string>& bytes);

  KeptFiles files_;
  DiskHealth& disk_;
  DiskHook hook_;
  std::map<std::string, std::optional<std::string>> refused_;  // by file; nothing: it is to be removed
  Marks marks_;
  Marks written_;  // as the disk has them, or will
};

}  // namespace loa::node
