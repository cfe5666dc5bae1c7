#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/checked_amplifier.hpp"
#include "node-firmware/folder_lock.hpp"
#include "node-firmware/identity.hpp"
#include "node-firmware/node_clock.hpp"
#include "node-firmware/own_keys.hpp"
#include "node-firmware/plan_store.hpp"
#include "node-firmware/settings.hpp"
#include "protocol/key_ring.hpp"
#include "scheduler/plan.hpp"

namespace loa::node {

/// A private folder for as long as this lives, in memory where the system has such a place.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Run by root, the process becomes the account that `folder` belongs to, for good; nothing otherwise. Throws std::system_error.
void become_owner_of(const std::filesystem::path& folder);

/// What the node knows, read by the node's own readers out of a copy: they make damage good and set aside what they cannot read, which is for the
/// node alone to do. Everything that the probes of `loa-node check` share. One probe at a time, except that one left behind may still read.
class Standing {
 public:
  /// Reads the copy of what is in settings.state_folder, with `bundle` in place of the kept one where it is given. Run by root, the process becomes the
  /// account that the folder belongs to, for good, so that what that account may not do is found. Throws JoinError and std::system_error.
  Standing(Settings settings, const std::optional<std::filesystem::path>& bundle, bool silent);
  /// Without a bundle: only what needs none can be asked.
  Standing(Settings settings, bool silent);

  const Settings& settings() const { return settings_; }
  bool silent() const { return silent_; }  ///< no chime
  const Identity& identity() const { return *identity_; }
  const OwnKeys& keys() const { return *keys_; }
  const protocol::KeyRing& ring() const { return *ring_; }
  const Marks& marks() const { return store_->marks(); }
  /// The chain of areas in force, and the authorities to trust.
  const std::vector<std::string>& chain() const;
  const std::string& authorities() const;
  /// The plan in force, as the node itself would take it; nothing where there is none, `plan_fault` says why where one is kept.
  const std::optional<scheduler::Plan>& plan() const { return plan_; }
  const std::string& plan_fault() const { return plan_fault_; }
  /// The plan's addresses first, then the bundle's, each once.
  std::vector<std::string> brokers() const;
  std::vector<std::string> files() const;
  const NodeClock& clock() const { return *clock_; }
  /// The best guess at the time: the node's own where it has one, else the file server's, else what the system shows.
  scheduler::TimePoint now() const;
  const BoardTime& board() const { return board_; }
  CheckedAmplifier& amplifier() { return amplifier_; }
  /// The right to speak as this node; nothing while the node itself runs. Nothing and no fault where there is no folder yet.
  std::optional<FolderLock> lock(bool* running) const;

  /// What the file server's clock showed less what ours did at that moment, and how far that may be wrong; set by the HTTPS probe.
  struct ServerTime {
    std::chrono::milliseconds ahead{};
    std::chrono::milliseconds bound{};
  };
  std::optional<ServerTime> server_time;

 private:
  void read_plan();

  Settings settings_;
  bool silent_;
  std::unique_ptr<Scratch> scratch_;  // while the constructor runs
  std::unique_ptr<Identity> identity_;
  std::unique_ptr<OwnKeys> keys_;
  std::unique_ptr<DiskHealth> disk_;
  std::unique_ptr<PlanStore> store_;
  std::unique_ptr<protocol::KeyRing> ring_;
  std::optional<scheduler::Plan> plan_;
  std::string plan_fault_;
  BoardTime board_;
  CheckedAmplifier amplifier_;
  std::unique_ptr<NodeClock> clock_;
};

}  // namespace loa::node
