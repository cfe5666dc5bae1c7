#pragma once
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace loa::tests {

class World;

/// What one row found out; it holds where nothing is wrong.
class Case {
 public:
  void heard(const std::string& text) { add(heard_, text); }
  /// A sentence of the log that must be there and is.
  void log(const std::string& line) { add(log_, line); }
  void wrong(const std::string& text) { wrong_.push_back(text); }
  void check(bool holds, const std::string& what) {
    if (!holds) wrong(what);
  }
  const std::string& heard() const { return heard_; }
  const std::string& log() const { return log_; }
  const std::vector<std::string>& wrong() const { return wrong_; }
  bool holds() const { return wrong_.empty(); }

 private:
  static void add(std::string& all, const std::string& one) { all += (all.empty() ? "" : "; ") + one; }
  std::string heard_, log_;
  std::vector<std::string> wrong_;
};

/// Thrown by a row that this machine cannot run.
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Where { loopback, network };

/// One fault, on real processes.
struct FaultRow {
  std::string name;       ///< group.what, unique
  std::string fault;      ///< what is done to Loa
  std::string heard;      ///< what must be heard
  std::string log;        ///< what the log, the record or the page must say
  bool ordinary = false;  ///< of the representative part that runs in every tools/test
  std::function<void(World&, Case&)> run;
  Where where = Where::loopback;  ///< `network`: node and servers are joined by a cable that can be cut
};

/// The whole table, in the order in which it runs.
std::vector<FaultRow> all_rows();

std::vector<FaultRow> kill_rows();
std::vector<FaultRow> network_rows();
std::vector<FaultRow> line_rows();
std::vector<FaultRow> disk_rows();
std::vector<FaultRow> power_rows();
std::vector<FaultRow> bytes_rows();
std::vector<FaultRow> clock_rows();
std::vector<FaultRow> sound_rows();
std::vector<FaultRow> alert_rows();
std::vector<FaultRow> peer_rows();
std::vector<FaultRow> weeks_rows();
std::vector<FaultRow> relay_rows();

}  // namespace loa::tests
