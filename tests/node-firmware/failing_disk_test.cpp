#include <catch2/catch.hpp>

#include "planned.hpp"
#include "tests/support/loop_disk.hpp"
#include "tests/support/small_disk.hpp"

// Real disks that fill up, turn read-only and vanish under a node: it goes on, sounds, and loses no record that memory holds.

using namespace loa;
using namespace loa::tests;
using node::DiskState;
using scheduler::Outcome;

namespace {

/// A node on a disk of its own, with a broadcast of a minute due in ten seconds.
template <class Disk>
struct OnDisk {
  OnDisk() : node(disk.path() / "state") {
    node.connect();
    due = node.now() + 10s;
    auto plan = node.plan(100);
    plan.occurrences = {node.occurrence("b-1", due, 60s)};
    node.send_plan(plan);
  }
  DiskState state() { return node.run->disk.state(); }
  /// Without the room that the ballast keeps.
  void fill_whole() {
    disk.fill();
    std::filesystem::remove(node.state_folder / "ballast");
    disk.fill();
  }

  Disk disk;
  TestNode node;
  TimePoint due;
};

template <class Disk>
bool is_there(const Disk& disk) {
  if (!disk.available()) WARN("not run: no disk of a test's own, or no right to mount one");
  return disk.available();
}

template <class Node>
void send_alert(Node& node) {
  node.deliver(protocol::alert_topic("hue"), node.controller.alert(node.snapshot(50, {node.alert("l-1", 5s)})));
}

protocol::Order order(TestNode& node, const std::string& id, protocol::OrderKind kind) {
  protocol::Order order;
  order.id = id;
  order.node = TestController::kNode;
  order.issued = node.now();
  order.expires = node.now() + 5min;
  order.kind = kind;
  order.areas = node.controller.areas;
  return order;
}

const scheduler::PlayRecord* record_of(const std::vector<scheduler::PlayRecord>& records, const std::string& begin) {
  for (const auto& record : records)
    if (record.occurrence_id.starts_with(begin)) return &record;
  return nullptr;
}

/// How the disk goes bad under the running node, and what is said of it.
struct Fate {
  const char* name;
  void (*strike)(LoopDisk&);
  DiskState state;
  protocol::DiskHealth said;
};

void fill(const std::filesystem::path& folder) {
  const int file = ::open((folder / "filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  for (std::size_t size : {std::size_t{65536}, std::size_t{1024}, std::size_t{1}}) {
    const std::string block(size, 'f');
    while (::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size())) {
    }
  }
  ::close(file);
}

const std::vector<Fate> kFates{{"full", [](LoopDisk& disk) { fill(disk.path()); std::filesystem::remove(disk.path() / "state/ballast"); fill(disk.path()); }, DiskState::full, protocol::DiskHealth::full},
                               {"turned read-only", [](LoopDisk& disk) { disk.turn_read_only(); }, DiskState::read_only, protocol::DiskHealth::read_only},
                               {"pulled out", [](LoopDisk& disk) { disk.pull_out(); }, DiskState::failing, protocol::DiskHealth::failing}};

}  // namespace

TEST_CASE("a disk that goes bad in mid-play stops neither the sound, nor the next, nor an alert") {
  for (const auto& fate : kFates) {
    DYNAMIC_SECTION(fate.name) {
      OnDisk<LoopDisk> with;
      if (!is_there(with.disk)) return;
      with.node.pass(30s);
      REQUIRE(with.node.player().order.size() == 1);
      fate.strike(with.disk);
      with.node.pass(1min);  // it ends by itself
      CHECK(with.node.player().order.size() == 1);
      CHECK(with.node.run->keeper.waiting() == 1);
      CHECK(with.state() == fate.state);
      CHECK(with.node.last_state().disk == fate.said);

      const auto before = with.node.player().order.size();
      send_alert(with.node);
      CHECK(with.node.player().order.size() == before + 1);
      with.node.pass(10s);
      CHECK(with.node.run->keeper.waiting() == 2);
      CHECK(with.node.receipts().back().accepted);

      auto plan = with.node.plan(200);  // another plan is heard from memory
      plan.occurrences = {with.node.occurrence("b-2", with.node.now() + 20s, 10s)};
      with.node.send_plan(plan);
      with.node.pass(1min);
      CHECK(with.node.run->keeper.waiting() == 3);
      CHECK(with.node.agent().state().plan_held == 200);
    }
  }
}

TEST_CASE("a node that ends in order as soon as there is room writes all that waited, however short the disk's rest") {
  OnDisk<SmallDisk> with;
  if (!with.disk.available()) {
    WARN("not run: no right to mount");
    return;
  }
  with.node.pass(30s);
  with.disk.fill();
  std::filesystem::remove(with.node.state_folder / "ballast");
  with.disk.fill();
  send_alert(with.node);
  with.node.pass(5min);  // what is refused is tried each minute by now
  REQUIRE(with.node.run->keeper.waiting() == 2);
  with.disk.make_room();
  with.node.agent().stop(1s, [] {});
  with.node.boot();
  with.node.pass(1min);
  const auto records = with.node.records();
  CHECK(records.size() == 2);
  CHECK(record_of(records, "b-1"));
  REQUIRE(record_of(records, "l-1"));
  CHECK(record_of(records, "l-1")->outcome == Outcome::played);
  CHECK(with.node.player().order.empty());  // the alert, which is on disk now, does not sound again
}

TEST_CASE("what a full disk refused is written, in order and once, when there is room again") {
  OnDisk<SmallDisk> with;
  if (!is_there(with.disk)) return;
  with.node.pass(30s);
  with.fill_whole();
  send_alert(with.node);
  with.node.pass(2min);
  CHECK(with.node.run->keeper.waiting() == 2);
  CHECK(with.state() == DiskState::full);
  CHECK(with.node.batches().empty());  // what is not written has no number yet

  with.disk.make_room();
  with.node.pass(2min);
  CHECK(with.node.run->keeper.waiting() == 0);
  CHECK(with.state() == DiskState::ok);
  CHECK(std::filesystem::file_size(with.node.state_folder / "ballast") == node::DiskHealth::kBallast);
  const auto records = with.node.records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].number == 1);
  CHECK(records[1].number == 2);
  REQUIRE(record_of(records, "b-1"));
  REQUIRE(record_of(records, "l-1"));
  CHECK(record_of(records, "l-1")->outcome == Outcome::played);
  with.node.boot();
  CHECK(with.node.agent().state().areas[0].alert_revision == 50);
  CHECK(with.node.agent().state().plan_held == 100);
  with.node.connect();
  REQUIRE_FALSE(with.node.batches().empty());
  CHECK(with.node.batches()[0].records.size() == 2);
}

TEST_CASE("the ballast's room holds what an alert must write on a full disk") {
  OnDisk<SmallDisk> with;
  if (!is_there(with.disk)) return;
  with.node.pass(2min);
  with.disk.fill();
  send_alert(with.node);
  with.node.pass(10s);
  CHECK(with.state() == DiskState::full);  // it says so, though all was written
  CHECK(with.node.run->keeper.waiting() == 0);
  CHECK(with.node.run->store.is_written());
  with.node.kill();
  with.node.boot();
  REQUIRE(record_of(with.node.records(), "l-1"));
}

TEST_CASE("a node starts on a disk that takes no writes, plays its plan and an alert, and writes when it can") {
  OnDisk<SmallDisk> with;
  if (!is_there(with.disk)) return;
  const auto held = with.node.run->store.marks().session_number;
  const auto log_id = with.node.run->log.id();
  const bool full = GENERATE(false, true);
  with.node.kill();
  if (full) {
    std::filesystem::remove(with.node.state_folder / "ballast");
    with.disk.fill();
  } else {
    with.disk.set_read_only(true);
  }
  with.node.boot();
  CHECK(with.state() == (full ? DiskState::full : DiskState::read_only));
  with.node.connect();
  CHECK(with.node.run->log.id() == log_id);
  CHECK(with.node.run->store.marks().session_number > held + 1000);  // seconds: a restart must not say an old one again
  with.node.pass(2min);
  CHECK(with.node.player().order.size() == 1);
  send_alert(with.node);
  CHECK(with.node.player().order.size() == 2);
  with.node.pass(10s);
  CHECK(with.node.run->keeper.waiting() == 2);

  if (full)
    with.disk.make_room();
  else
    with.disk.set_read_only(false);
  with.node.pass(2min);
  CHECK(with.node.run->keeper.waiting() == 0);
  CHECK(with.state() == DiskState::ok);
  with.node.boot();
  CHECK(with.node.run->log.id() == log_id);
  REQUIRE(with.node.records().size() == 2);
  CHECK(with.node.records()[0].outcome == Outcome::played);
}

TEST_CASE("on a disk that refuses, orders are obeyed but one to restart, which could not be remembered as done") {
  OnDisk<SmallDisk> with;
  if (!is_there(with.disk)) return;
  with.node.pass(2min);
  with.fill_whole();
  send_alert(with.node);
  const auto send = [&](const std::string& id, protocol::OrderKind kind) {
    with.node.time.pass(2ms);
    with.node.deliver(protocol::order_topic(TestController::kNode), with.node.controller.order(order(with.node, id, kind)));
    return with.node.receipts().back();
  };
  CHECK(send("o-1", protocol::OrderKind::report).accepted);
  CHECK(send("o-1", protocol::OrderKind::report).code == "replayed");
  const auto answer = send("o-2", protocol::OrderKind::restart);
  CHECK_FALSE(answer.accepted);
  CHECK_THAT(answer.message, Catch::Contains("cannot remember"));
  CHECK_FALSE(with.node.run->restart_asked);
}

TEST_CASE("above a thousand waiting records the oldest is dropped and counted") {
  TestNode node;
  for (std::size_t n = 0; n <= node::RecordKeeper::kMostWaiting; ++n) {
    scheduler::PlayRecord record;
    record.occurrence_id = "b-" + std::to_string(n) + "@20261124T060000Z";
    record.broadcast_id = "b-1";
    record.language = "vi";
    node.run->keeper.take(record);
  }
  CHECK(node.run->keeper.waiting() == node::RecordKeeper::kMostWaiting);
  CHECK(node.run->keeper.dropped() == 1);
  CHECK(node.run->keeper.save(node.now(), {}));
  CHECK(node.records().front().occurrence_id == "b-1@20261124T060000Z");
}
