// What a node's memory is after thousands of plays, the real program with a null sink, told by a test's controller; and mpd's after as many.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "mpd_peer.hpp"
#include "tests/node-firmware/many_plays.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

constexpr double kClip = 0.1;  // seconds

double mb(std::int64_t kib) { return static_cast<double>(kib) / 1024; }

/// Prints what a process has after each twentieth of its plays, and by how much it grew since the first 2,000 (or the first half), in which a node
/// fills what it keeps: the outcomes of a plan of 500 and a thousand more, and SQLite's pages.
class Growth {
 public:
  Growth(const char* name, int plays) : name_(name), plays_(plays), filled_(std::min(2000, plays / 2)) {}
  void look(int done, const ProcessMemory& memory) {
    last_ = memory;
    if (done < next_) return;
    next_ = done + std::max(plays_ / 20, 1);
    fmt::print("{:<10} {:>7} {:>9.2f} {:>11.2f}\n", name_, done, mb(memory.resident), mb(memory.own));
    std::fflush(stdout);
    if (!early_ && done >= filled_) early_ = memory;
  }
  std::int64_t kib() const { return early_ ? last_.own - early_->own : 0; }
  void say() const {
    fmt::print("{}: {} KiB more than after the first {} plays, {:.1f} bytes a play\n", name_, kib(), filled_,
               static_cast<double>(kib()) * 1024 / (plays_ - filled_));
  }

 private:
  const char* name_;
  int plays_, filled_;
  int next_ = 0;
  std::optional<ProcessMemory> early_;
  ProcessMemory last_;
};

void beside_mpd(int plays) {
  const TempFolder folder;
  make_opus(folder / "clip.opus", static_cast<int>(kClip * 1000));
  try {
    bench::MpdPeer peer(folder / "clip.opus", kClip);
    Growth growth("mpd", plays);
    growth.look(0, peer.memory());
    peer.play(plays, std::chrono::seconds(plays), [&](int done) { growth.look(done, peer.memory()); });
    growth.say();
  } catch (const std::exception& error) {
    fmt::print("mpd: not measured: {}\n", error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Memory of loa-node while it plays thousands of clips of a tenth of a second, five a second; then mpd's. Exit code 1: the node grew by more than 1 MB");
  int plays = 10'000;
  bool alone = false;
  app.add_option("--plays", plays, "how many")->check(CLI::Range(100, 1'000'000))->capture_default_str();
  app.add_flag("--alone", alone, "without mpd");
  CLI11_PARSE(app, argc, argv);

  fmt::print("{:<10} {:>7} {:>9} {:>11}\n", "PROCESS", "PLAYS", "RSS MB", "WRITTEN MB");
  Growth growth("loa-node", plays);
  {
    ManyPlays node;
    growth.look(0, node.memory());
    node.play(plays, [&](int done) { growth.look(done, node.memory()); });
    growth.look(node.done(), node.memory());
    fmt::print("loa-node: {} of {} heard whole\n", node.played(), node.done());
  }
  growth.say();
  if (!alone) beside_mpd(plays);
  return growth.kib() < 1024 ? 0 : 1;
}
