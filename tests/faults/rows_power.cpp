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
#include "tests/support/false_clock.hpp"
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
  double at = 0;  ///< UTC seconds
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

constexpr double kOff = 1;    // seconds without power
constexpr double kOn = 16;    // and with it again: the rest of one play, and the next
constexpr double kTooShortToTell = 0.25;  // of the end of a clip that is joined; the ear knows no shorter pieces
constexpr double kStart = 3;  // until a board that starts may be asked for sound

/// What sounds of a play around its time.
std::vector<Sound> of_play(const std::vector<Sound>& sounds, const Play& play) {
  auto own = sounds;
  std::erase_if(own, [&](const Sound& sound) { return sound.what != play.clip || sound.from < play.due - 1 || sound.from > play.due + kClipSeconds + 1; });
  return own;
}

/// Starts the node a second after the cut, by its clock, in another boot and without any network, lets it go on, and holds what is heard then against
/// what was heard before. Empty where all is well.
std::string go_on(const Cut& cut, std::vector<Sound> before, const std::vector<Play>& plays) {
  LossyDisk disk(cut.image);
  TempFolder folder;
  const auto settings = folder.path() / "node.toml";
  std::ofstream(settings) << fmt::format("state_folder = \"{}\"\nlog_level = \"debug\"\n[sink]\nkind = \"wav\"\nfile = \"{}\"\n", (disk.path() / "state").string(),
                                         (folder.path() / "sound.wav").string());
  auto argv = another_boot_with_rtc(folder.path() / "boot_id", "00000000-0000-4000-8000-000000000007");
  for (const auto& word : {std::string("unshare"), std::string("--net"), (program_folder() / "loa-node").string(), std::string("--config"), settings.string()}) argv.push_back(word);
  Process node(argv, {folder.path(), "node", false_clock(fmt::format("{:+.2f}", cut.at + kOff - utc_now())), {}});
  if (!node.wait_for_line("starting -> connecting", 15s)) return "it does not start: " + node.out() + node.err();
  let_pass(std::chrono::duration<double>(kOn));
  node.stop();
  const auto after = listen_to_wav(folder.path() / "sound.wav", 0);
  for (auto& sound : before) sound.length = std::min(sound.length, cut.at - sound.from);
  std::erase_if(before, [](const Sound& sound) { return sound.length <= 0; });
  for (const auto& sound : after)
    if (sound.what == '?' && !(sound.length < kTooShortToTell && std::any_of(plays.begin(), plays.end(), [&](const Play& play) {
          return sound.from > play.due - 0.1 && sound.from < play.due + kClipSeconds;
        })))
      return fmt::format("{:.2f} s of no clip are heard {:.2f} s after a cut: {}", sound.length, sound.from - cut.at, in_words(after, cut.at));
  for (const auto& play : plays) {
    const auto rest = of_play(after, play);
    auto all = of_play(before, play);
    all.insert(all.end(), rest.begin(), rest.end());
    const auto words = fmt::format("cut {:+.2f} s after it was due, heard before: {}, after: {}", cut.at - play.due, in_words(of_play(before, play), play.due), in_words(rest, play.due));
    if (repeated(all, play.clip) >= 0.12) return fmt::format("{:.2f} s are heard twice: {}", repeated(all, play.clip), words);
    for (const auto& sound : rest)
      if (std::abs(sound.from - play.due - std::max(0.0, sound.at)) > 0.2) return "not on the clock: " + words;
    const bool over = std::any_of(cut.over.begin(), cut.over.end(), [&](const auto& entry) { return entry.first.starts_with(play.broadcast); });
    if (over && !rest.empty()) return "it was over and sounds again: " + words;
    const double from = std::max(play.due, cut.at + kOff + kStart), until = std::min(play.due + kClipSeconds, cut.at + kOff + kOn - 1);
    if (!over && total(rest) < until - from - 0.2) return fmt::format("{:.2f} s must be heard after it: {}", until - from, words);
  }
  return {};
}

void random_cuts(World& world, Case& test, int count, int plays) {
  PoweredBoard board(world);
  const double begun = utc_now();
  std::vector<Play> planned;
  for (int i = 0; i < plays; ++i) planned.push_back(world.plan(board.code, i % 2 ? 'B' : 'A', 6 + 8 * i, {}, false));
  world.must_be_ready(test, board.code, 20s);  // a cut before that may rightly take plays away
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
    cut.at = utc_now();
    cut.over = outcomes_in(board.snapshot(cut.image));
    cuts.push_back(std::move(cut));
  }
  const auto over = cuts.empty() ? 0 : static_cast<int>(cuts.back().over.size());
  const auto heard = world.hear(board.code, begun);
  int went_on = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    std::string why;
    if (i % 10 == 5) {
      auto same = cuts[i];
      same.image += ".on";
      fs::copy_file(cuts[i].image, same.image, fs::copy_options::overwrite_existing);
      why = go_on(same, heard, planned);
      fs::remove(same.image);
      ++went_on;
    }
    if (why.empty()) why = look_after(cuts[i]);
    if (!why.empty() && ++wrong <= 5) test.wrong(why);
    fs::remove(cuts[i].image);
  }
  test.heard(fmt::format("{} plays while the disk was copied; after {} cuts what was left of them, once", plays, went_on));
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
  rows.push_back(row("random", "the power is cut at 12 random moments of three plays", "after one cut in ten, in another boot: what is left, on time, nothing twice", "every record that was written is there once, nothing damaged",
                     [](World& w, Case& t) { random_cuts(w, t, 12, 3); }, true));
  rows.push_back(row("random-500", "the power is cut at 500 random moments of thirty plays", "after one cut in ten, in another boot: what is left, on time, nothing twice", "every record that was written is there once, nothing damaged",
                     [](World& w, Case& t) { random_cuts(w, t, 500, 30); }));
  return rows;
}

}  // namespace loa::tests
