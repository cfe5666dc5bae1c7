#pragma once
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/ear.hpp"
#include "tests/faults/fault_row.hpp"
#include "tests/support/netns.hpp"
#include "tests/support/slow_proxy.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// UTC seconds of this machine's own clock.
double utc_now();
void wait_until(double utc);
/// Lets time pass: so long a fault lasts, or nothing may happen. What is to happen is waited for with `eventually`.
void let_pass(std::chrono::duration<double> length);
/// Waits until `done`; it is wrong where that is not so within `limit`, and said of `what`.
void must_come(Case& test, std::chrono::milliseconds limit, const std::string& what, const std::function<bool()>& done);

/// One broadcast that a row gave one node.
struct Play {
  std::string broadcast;
  char clip = 'A';
  double due = 0;  ///< UTC seconds
};

/// What must come of a broadcast. The recording is the judge; record, log and controller must agree with it.
struct Expect {
  enum class Heard { whole, in_part, at_most, nothing };
  Heard heard = Heard::whole;
  double least = 0;                  ///< in_part: seconds that must be heard
  bool on_the_clock = true;          ///< what is heard is what the plan has at that moment; false: it may begin later
  std::set<std::string> outcomes = {"played"};
  std::set<std::string> reasons = {};  ///< empty: any
  std::chrono::seconds record_limit{25};
  double record_lacks = 0;           ///< seconds by which the record may say less than was heard
  bool record = true;                ///< false: none is asked for
  std::set<char> beside = {};        ///< other test clips that may sound meanwhile; any other is wrong
};

/// A village in which faults are made: its nodes reach broker and files through proxies, its boards are made ahead, and every row gets one of
/// its own. One row at a time.
class World {
 public:
  explicit World(Where where);

  Village& village() { return *village_; }
  /// Between nodes and broker, and between nodes and the controller's files.
  SlowProxy& broker_way() { return *broker_way_; }
  SlowProxy& files_way() { return *files_way_; }
  Netns& net() { return *net_; }
  /// /etc/hosts of the nodes in the network.
  std::filesystem::path hosts_file() const { return village_->folder() / "hosts"; }

  /// A board that holds its plan and is connected, and that no row used before; its code. `more`: of its node.toml.
  std::string board(const std::string& more = {});
  /// Starts it (again), in the network where this world has one.
  void start(const std::string& code, Village::NodeStart how = {});
  Process& node(const std::string& code) { return village_->node(code); }
  std::filesystem::path state(const std::string& code) const { return village_->node_folder(code) / "state"; }
  /// Waits until the controller knows by the board's own report that it holds its wanted plan, with every file where `verified`.
  bool ready(const std::string& code, std::chrono::milliseconds limit = std::chrono::seconds(20), bool verified = true);
  /// The same; it is wrong where the board is not ready in time, and said what it holds.
  void must_be_ready(Case& test, const std::string& code, std::chrono::milliseconds limit, bool verified = true);
  boost::json::value seen(const std::string& code);
  /// Waits until a part of a clip, and not the whole of it, is on the board's disk; false where none is within `limit`.
  bool fetching(const std::string& code, std::chrono::milliseconds limit = std::chrono::seconds(10));

  /// Schedules a test clip on one board alone; throws where it does not hold it in time, unless `held` is false.
  Play plan(const std::string& code, char clip = 'A', int ahead = 6, const boost::json::object& more = {}, bool held = true);
  std::string programme(char clip);

  std::vector<Sound> hear(const std::string& code, double from);
  /// Waits for the end of the broadcast and says in `test` what was heard, what the records say, and what is wrong with it.
  void judge(Case& test, const std::string& code, const Play& play, const Expect& expect = {});
  /// The recording alone; a test clip that is neither the play's nor `beside` must not be in it.
  void judge_sound(Case& test, const std::vector<Sound>& all, const Play& play, const Expect& expect);
  /// The one record of it, as the controller has it, beside `seconds` heard.
  void judge_record(Case& test, const std::string& code, const Play& play, const Expect& expect, double seconds);
  boost::json::array records(const std::string& code, const Play& play);

  /// Waits until so many seconds of an alert were heard since then, and says in `test` what was heard; it is wrong where fewer were.
  void must_sound(Case& test, const std::string& code, double since, std::chrono::seconds limit = std::chrono::seconds(12), double least = 2);
  /// It is wrong where the board's process ended: by which signal or exit code, is said.
  void must_live(Case& test, const std::string& code);
  /// Everything that the board has said so far.
  std::string said(const std::string& code) const;
  /// Waits for a sentence in the board's log; it is wrong where it does not come.
  void must_say(Case& test, const std::string& code, const std::string& sentence, std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// One word of the board's last lines, for a row that failed.
  std::string last_lines(const std::string& code, std::size_t lines = 12) const;
  /// The board that the present row used last.
  const std::string& present() const { return present_; }

  /// Puts everything back as a row found it; false where something is broken for good.
  bool mend();
  /// Controller after a kill: up and answering.
  void controller_back();
  void broker_back();
  /// Cancels what was left active of alerts.
  std::string alert(const boost::json::object& more = {});

 private:
  std::string make_board(const std::string& more);
  void settle(const std::string& code);

  Where where_;
  std::unique_ptr<Netns> net_;
  std::unique_ptr<SlowProxy> broker_way_, files_way_;
  std::unique_ptr<Village> village_;
  std::deque<std::string> spares_;
  std::map<char, std::string> programmes_;
  std::vector<std::string> alerts_;
  std::string present_;
  int boards_ = 0;
};

}  // namespace loa::tests
