#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "node-firmware/disk_health.hpp"
#include "scheduler/time.hpp"

namespace loa::node {

/// A clip that this node must hold; pinned while it is wanted.
struct WantedClip {
  std::string sha256;           ///< lower-case hex
  std::int64_t bytes = 0;       ///< exact size, as the plan says
  scheduler::TimePoint needed;  ///< the nearest occurrence; stock clips: the time of the plan
};

struct CacheSettings {
  std::filesystem::path folder;      ///< made where missing
  std::filesystem::path stock;       ///< shipped clips, read only; may be empty
  std::int64_t budget_bytes = 512LL << 20;
};

struct CacheReport {
  int wanted = 0;
  int held = 0;                 ///< of the wanted ones, verified and playable
  std::int64_t held_bytes = 0;  ///< everything in the folder
  std::int64_t budget_bytes = 0;
  std::int64_t disk_free = 0;   ///< bytes that this process may still write
};

/// The clips on the node's disk: `{sha256}.opus` whose bytes were proved to have that hash, `{sha256}.part` otherwise.
/// What was proved is remembered as (size, time of change, inode) in `verified.json`; a file that differs from that, or is not
/// in it, becomes a `.part` again, which the fetcher proves or fetches; damage costs no more than that. What the disk refuses goes to
/// DiskHealth; nothing here throws for it. Loop thread only.
class Cache {
 public:
  /// Scans both folders, removes from its own what is neither clip nor part, hashes the stock folder.
  Cache(CacheSettings settings, DiskHealth& disk);

  /// Where the verified bytes of `sha256` are; nothing where they are not here. Checks the file against its record.
  std::optional<std::filesystem::path> find(const std::string& sha256);
  bool playable(const std::string& sha256) { return find(sha256).has_value(); }
  /// The shipped clip `{name}.opus`, as {sha256, path}; nothing where there is none.
  std::optional<std::pair<std::string, std::filesystem::path>> shipped(const std::string& name) const;

  /// Replaces what is wanted. Parts that nobody wants any more are removed; clips stay until their room is needed.
  void want(std::vector<WantedClip> clips);
  const std::vector<WantedClip>& wanted() const { return wanted_; }

  /// Evicts unwanted clips, least recently planned first, until `bytes` more fit budget and disk; false where they cannot.
  bool make_room(std::int64_t bytes);
  /// Where the fetcher writes `sha256`; may hold the beginning of it, or all of it unproved.
  std::filesystem::path part(const std::string& sha256) const;
  /// Gives the part its name after its bytes were proved to have this hash and written through to disk; false where the disk refuses.
  bool accept(const std::string& sha256);
  /// Removes the part: its bytes are not what its name says.
  void reject(const std::string& sha256);

  /// What is on disk and may rot there: the clip, and the file as it was when its hash was proved.
  struct Held {
    std::string sha256;
    std::filesystem::path file;
    std::int64_t size = 0, mtime_ns = 0, inode = 0;
  };
  /// The verified clip that is wanted until `soon` and was last proved before `before` (steady time; never since the start: 0), the
  /// one needed first; where none is, any such clip if `any`, the one proved longest ago.
  std::optional<Held> to_prove(scheduler::TimePoint soon, std::chrono::nanoseconds before, bool any) const;
  enum class Bytes { good, changed, unreadable };
  /// How the bytes of `clip` were found at `now`. Changed ones are removed and their place is lost; unreadable ones at the third time, for a disk
  /// that fails for a moment fails for many clips, and there may be no network to fetch them by. Nothing where the file is another one by now.
  void judge(const Held& clip, Bytes bytes, std::chrono::nanoseconds now);
  /// The disk did not give the bytes of `sha256` to who played it: DiskHealth is told, and its proof counts no more.
  void could_not_read(const std::string& sha256, const std::string& why);
  /// True once after clips were lost: what is wanted is to be fetched again.
  bool take_lost() { return std::exchange(lost_, false); }

  /// Also tries again to write what the disk refused.
  CacheReport report();

 private:
  /// A file as it was when its hash was proved, and when a plan last wanted it (UTC ms).
  struct Proof {
    std::int64_t size = 0, mtime_ns = 0, inode = 0, planned_ms = 0;
    std::chrono::nanoseconds proved{};  ///< steady time, of this run
    int unread = 0;                     ///< times in a row that judge() was told that they cannot be read
  };
  void scan_own();
  void scan_stock();
  void load();
  void save();
  void tell_unreadable(const std::string& sha256, const std::string& why);
  void demote(const std::string& sha256);
  std::int64_t folder_bytes() const;
  std::int64_t disk_free() const;
  bool is_wanted(const std::string& sha256) const { return wanted_names_.count(sha256) > 0; }
  std::filesystem::path clip(const std::string& sha256) const;

  CacheSettings settings_;
  DiskHealth& disk_;
  std::map<std::string, Proof> proofs_;
  bool unsaved_ = false;
  bool lost_ = false;
  std::map<std::string, std::filesystem::path> stock_by_hash_;
  std::map<std::string, std::string> stock_by_name_;
  std::vector<WantedClip> wanted_;
  std::set<std::string> wanted_names_;
};

/// Whether `text` is a SHA-256 in lower-case hex.
bool is_sha256(const std::string& text);

}  // namespace loa::node
