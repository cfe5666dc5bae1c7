#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/node_clock.hpp"
#include "scheduler/alert.hpp"

namespace loa::node {

/// One area's snapshot as it was verified.
struct PostedSnapshot {
  scheduler::AlertSnapshot snapshot;
  std::string jws;
  std::string kid;
  bool newest = false;  ///< not older than the newest signed time known when it came: may sound without a trusted clock
};

/// The alert snapshots in force, one an area, and those that came as retained and wait for a head. Loop thread.
class AlertBoard {
 public:
  /// What may be done with a snapshot that has just been verified.
  enum class Verdict { take, wait, same, old };

  /// `highest`: the highest revision that a head named or that was taken for this area; `head_heard`: a valid head came in
  /// this session, so that nothing needs to wait.
  Verdict judge(const scheduler::AlertSnapshot& snapshot, bool retained, bool head_heard, std::int64_t highest) const;

  void post(PostedSnapshot posted);
  /// Puts a retained one aside until a head comes, or until `deadline`.
  void put_aside(PostedSnapshot posted, Monotonic deadline);
  /// Takes out those that waited until `now`; all of them where a head came.
  std::vector<PostedSnapshot> waited(Monotonic now, bool head_came);
  std::optional<Monotonic> next_deadline() const;

  /// Takes an area off the board; what it held is the answer.
  std::vector<scheduler::Alert> remove(const std::string& area);
  /// Forgets what waits: the session ended.
  void forget_waiting() { waiting_.clear(); }

  const std::map<std::string, PostedSnapshot>& posted() const { return posted_; }
  std::int64_t revision(const std::string& area) const;
  /// All alerts in force; only the newest where the clock is not trusted.
  std::vector<scheduler::Alert> alerts(bool clock_trusted) const;

 private:
  struct Waiting {
    PostedSnapshot posted;
    Monotonic deadline{};
  };
  std::map<std::string, PostedSnapshot> posted_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace loa::node
