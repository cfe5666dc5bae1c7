// What a node writes to its flash in an ordinary day, counted by the kernel under an ext4 of its own, and split by what caused it.
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>

#include "tests/node-firmware/test_node.hpp"
#include "tests/support/loop_disk.hpp"

using namespace loa;
using namespace loa::tests;

namespace {

/// Of /sys/block/*/stat: finished writes and sectors of 512 bytes (Documentation/admin-guide/iostats).
struct Written {
  std::int64_t requests = 0;
  std::int64_t bytes = 0;
};

Written written_to(const LoopDisk& disk) {
  const int fd = ::open(disk.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ::syncfs(fd);
  ::close(fd);
  std::ifstream in("/sys/block/" + disk.device() + "/stat");
  std::int64_t field[7] = {};
  for (auto& one : field) in >> one;
  return {field[4], field[6] * 512};
}

/// A day of a node: what happens in it besides its being there.
struct Day {
  const char* name;
  bool heads = false;
  int reconnects = 0;
  int programmes = 0;
  bool renewal = false;
};

void acknowledge(TestNode& node) {
  if (!node.run->log.waits_for_ack()) return;
  node.time.pass(2ms);
  node.deliver(protocol::log_ack_topic(TestController::kNode),
               node.controller.ack({TestController::kNode, node.now(), node.run->log.id(), node.run->log.last_number(), node.controller.areas}));
}

scheduler::Plan plan_of(TestNode& node, std::int64_t revision, TimePoint begin, int programmes) {
  auto plan = node.plan(revision);
  for (int day = 0; day < 16; ++day)
    for (int n = 0; n < programmes; ++n)
      plan.occurrences.push_back(node.occurrence("b-" + std::to_string(n), begin + day * 24h + (n + 1) * 3h, 5min));
  return plan;
}

Written live(const Day& day) {
  LoopDisk disk(64);
  if (!disk.available()) throw std::runtime_error("no loop device, or no right to mount: run as root");
  TestNode node(disk / "state");
  node.connect();
  const auto begin = node.now();
  node.send_plan(plan_of(node, 100, begin, day.programmes));
  node.pass(1min);
  const auto before = written_to(disk);
  for (int half_hour = 0; half_hour < 48; ++half_hour) {
    if (day.reconnects > 0 && half_hour % (48 / day.reconnects) == 0) {
      node.link().drop();
      node.pass(10s);
      node.connect();
    }
    if (day.heads) node.send_head(half_hour < 24 || !day.renewal ? 100 : 200);
    if (day.renewal && half_hour == 24) node.send_plan(plan_of(node, 200, begin, day.programmes));
    for (int part = 0; part < 6; ++part) {
      node.pass(5min);
      acknowledge(node);
    }
  }
  const auto after = written_to(disk);
  return {after.requests - before.requests, after.bytes - before.bytes};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What a node writes to its flash in a day, split by cause; the goal is at most 4 MB for an ordinary one");
  bool json = false;
  app.add_flag("--json", json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off);
  const std::vector<Day> days{{"nothing at all"},
                              {"48 heads", true},
                              {"48 heads, 16 reconnects", true, 16},
                              {"48 heads, 6 programmes of 5 min", true, 0, 6},
                              {"48 heads, a renewed plan of 16 x 6", true, 0, 6, true},
                              {"an ordinary day: all of it", true, 16, 6, true}};
  constexpr double kGoal = 4e6;
  double last = 0;
  if (!json) fmt::print("{:<38} {:>9} {:>12}\n", "A DAY WITH", "WRITES", "KB");
  for (const auto& day : days) {
    const auto written = live(day);
    last = static_cast<double>(written.bytes);
    if (json)
      fmt::print("{{\"day\":\"{}\",\"writes\":{},\"bytes\":{}}}\n", day.name, written.requests, written.bytes);
    else
      fmt::print("{:<38} {:>9} {:>12.1f}\n", day.name, written.requests, last / 1000);
  }
  if (!json) fmt::print("goal: at most {:.1f} MB for the ordinary day: {}\n", kGoal / 1e6, last <= kGoal ? "ok" : "MISSED");
  return last <= kGoal ? 0 : 1;
}
