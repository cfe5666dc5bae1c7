#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>

#include "node-firmware/database.hpp"
#include "tests/faults/own_disk.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/places.hpp"

// Power cuts: what was not synced is gone.
namespace loa::tests {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

/// A board whose state lies on a disk that can lose its power.
class PoweredBoard {
 public:
  explicit PoweredBoard(World& world) : world_(world), code(world.board()), disk_(give_own_disk(world, code)) {}
  ~PoweredBoard() {
    world_.node(code).kill();
    disk_.reset();
    if (!image_.empty()) fs::remove(image_);
  }

  /// The disk as it would be were the power cut now; what the node had said by then.
  std::string snapshot(const fs::path& image) {
    const auto pid = world_.node(code).pid();
    ::kill(pid, SIGSTOP);
    const auto said = world_.said(code);
    disk_->copy_to(image);
    ::kill(pid, SIGCONT);
    return said;
  }
  /// Cuts the power, and starts the node on what is left.
  void cut() {
    image_ = LossyDisk::image_folder() / fmt::format("loa-cut-{}.img", ::getpid());
    ::kill(world_.node(code).pid(), SIGSTOP);
    disk_->copy_to(image_);
    world_.node(code).kill();
    fs::remove(world_.state(code));
    auto left = std::make_unique<LossyDisk>(image_);
    plug(world_, code, *left);
    world_.start(code);
    disk_ = std::move(left);
  }

 private:
  World& world_;
  fs::path image_;  ///< after the cut

 public:
  const std::string code;

 private:
  std::unique_ptr<LossyDisk> disk_;
};

void cut_at(World& world, Case& test, double when) {
  PoweredBoard board(world);
  const auto play = world.plan(board.code);
  wait_until(play.due + when);
  board.cut();
  const bool during = when > -0.7 && when < kClipSeconds;
  Expect expect{.record_limit = 45s};
  if (during) expect = {.heard = Heard::in_part, .least = kClipSeconds - 2, .outcomes = {"partial", "played"}, .record_limit = 45s, .record_lacks = std::max(0.0, when)};
  world.judge(test, board.code, play, expect);
  test.check(world.said(board.code).find("damaged") == std::string::npos, "something on the disk was damaged");
}

/// One cut at a random moment: the image, and which occurrences the node had said to be over.
struct Cut {
  fs::path image;
  std::map<std::string, std::string> over;  ///< occurrence: outcome
};

std::map<std::string, std::string> outcomes_in(const std::string& said) {
  std::map<std::string, std::string> over;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find("b-"), end = line.find("Z: ", begin == std::string::npos ? 0 : begin);
    if (begin == std::string::npos || end == std::string::npos || line.find("@") == std::string::npos || line.find(" clip ") != std::string::npos) continue;
    const auto words = line.substr(end + 3);
    over[line.substr(begin, end + 1 - begin)] = words.substr(0, words.find(' '));
  }
  return over;
}

/// Starts a node without any network on what the cut left, and holds it against what was there before. Empty where all is well.
std::string look_after(const Cut& cut) {
  LossyDisk disk(cut.image);
  TempFolder folder;
  const auto settings = folder.path() / "node.toml";
  std::ofstream(settings) << fmt::format("state_folder = \"{}\"\nlog_level = \"debug\"\n[sink]\nkind = \"null\"\n", (disk.path() / "state").string());
  const auto program = program_folder() / "loa-node";
  Process node({"unshare", "--net", program.string(), "--config", settings.string()}, {folder.path(), "node", {}, {}});
  const auto up = node.wait_for_line("starting -> connecting", 15s);
  if (!up) return "it does not start: " + node.out() + node.err();
  let_pass(50ms);  // a turn of its loop
  node.stop();
  const auto said = node.out() + node.err();
  for (const char* bad : {"damaged", "refused", "bug:"})
    if (const auto at = said.find(bad); at != std::string::npos) return said.substr(said.rfind('\n', at) + 1, 200);
  node::Database database(disk.path() / "state/node.db");
  std::map<std::string, int> kept;
  node::Statement records(database, "select number, occurrence_id from records order by number");
  for (std::int64_t number = 1; records.step(); ++number) {
    if (records.integer(0) != number) return fmt::format("record {} is missing", number);
    ++kept[records.text(1)];
  }
  for (const auto& [occurrence, outcome] : cut.over)
    if (kept[occurrence] != 1) return fmt::format("{} was {} before the cut and has {} records after it", occurrence, outcome, kept[occurrence]);
  return {};
}

void random_cuts(World& world, Case& test, int count, int plays) {
  PoweredBoard board(world);
  const double begun = utc_now();
  for (int i = 0; i < plays; ++i) world.plan(board.code, i % 2 ? 'B' : 'A', 6 + 8 * i, {}, false);
  const double end = begun + 8 + 8 * plays;
  std::mt19937 random(std::random_device{}());
  std::vector<Cut> cuts;
  int wrong = 0;
  for (int i = 0; i < count; ++i) {
    const double left = std::max(0.0, end - utc_now()) / (count - i);
    if (i + 1 == count)
      wait_until(end);  // the last one has all records to lose
    else
      let_pass(std::chrono::duration<double>(std::uniform_real_distribution<double>(0, 2 * left)(random)));
    Cut cut;
    cut.image = LossyDisk::image_folder() / fmt::format("loa-cut-{}-{}.img", ::getpid(), i);
    cut.over = outcomes_in(board.snapshot(cut.image));
    cuts.push_back(std::move(cut));
  }
  const auto over = cuts.empty() ? 0 : static_cast<int>(cuts.back().over.size());
  for (const auto& cut : cuts) {
    if (const auto why = look_after(cut); !why.empty() && ++wrong <= 5) test.wrong(why);
    fs::remove(cut.image);
  }
  test.heard(fmt::format("{} plays while the disk was copied", plays));
  test.log(fmt::format("{} cuts, the last one after {} records, {} with something lost", cuts.size(), over, wrong));
  // Without records nothing could be lost.
  test.check(over >= plays - 1, fmt::format("only {} of {} plays were recorded before the last cut", over, plays));
}

}  // namespace

std::vector<FaultRow> power_rows() {
  const auto row = [](const std::string& name, const std::string& fault, const char* heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{"power." + name, fault, heard, log, ordinary, std::move(run)};
  };
  std::vector<FaultRow> rows;
  struct Moment {
    const char* name;
    const char* words;
    double when;
  };
  for (const auto& [name, words, when] : {Moment{"before-start", "1.5 s before the due time", -1.5}, Moment{"at-start", "0.4 s after the due time", 0.4},
                                          Moment{"mid-play", "2.5 s into the clip", 2.5}, Moment{"at-end", "0.1 s before the end", kClipSeconds - 0.1},
                                          Moment{"after-end", "0.3 s after the end", kClipSeconds + 0.3}})
    rows.push_back(row(name, fmt::format("the power is cut {}: what was not synced is gone", words), "all but the seconds in which it was off, nothing twice",
                       "nothing damaged; one record", [when = when](World& w, Case& t) { cut_at(w, t, when); }));
  rows.push_back(row("random", "the power is cut at 12 random moments of three plays", "-", "every record that was written is there once, nothing damaged",
                     [](World& w, Case& t) { random_cuts(w, t, 12, 3); }, true));
  rows.push_back(row("random-500", "the power is cut at 500 random moments of thirty plays", "-", "every record that was written is there once, nothing damaged",
                     [](World& w, Case& t) { random_cuts(w, t, 500, 30); }));
  return rows;
}

}  // namespace loa::tests
