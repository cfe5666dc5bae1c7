#include <catch2/catch.hpp>

#include "planned.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::Outcome;

namespace {

const std::string kUrl = "https://relay.example/1";

/// A relay of two minutes, due in a minute, with a substitute of 20 s where the test wants one.
struct Relayed {
  explicit Relayed(bool with_substitute) {
    node.connect();
    due = node.now() + 60s;
    plan = node.plan(100);
    auto relay = node.occurrence("b-1", due, 120s);
    auto clip = relay.items[0];
    clip.duration = 20s;
    node.lengths[clip.sha256] = 20s;
    clip_sha = clip.sha256;
    relay.items = {{.kind = scheduler::ItemKind::stream, .duration = 120s, .url = kUrl}};
    if (with_substitute) relay.substitutes = {clip};
    plan.occurrences = {relay};
    node.send_plan(plan);
  }
  void lose(const char* reason) {
    node.streams.bad[kUrl] = reason;
    node.run->agent.tick();
  }
  void find() {
    node.streams.bad.clear();
    node.run->agent.tick();
  }
  /// What sounds: "stream", "substitute", or "" for silence.
  std::string sounds() {
    std::string all;
    for (const auto& [id, told] : node.player().tracks)
      if (!told.stopped && told.due && told.due->time_since_epoch() <= node.time.now) all += told.track.stream ? "stream" : "substitute";
    return all;
  }
  scheduler::PlayRecord only_record() {
    const auto records = node.records();
    REQUIRE(records.size() == 1);
    return records[0];
  }
  TestNode node;
  TimePoint due;
  scheduler::Plan plan;
  std::string clip_sha;
};

}  // namespace

TEST_CASE("a relay is listened to half a minute before it is due, sounds for its length, and is let go of") {
  Relayed with(false);
  with.node.pass(29s);
  CHECK(with.node.streams.wanted.empty());
  with.node.pass(2s);
  CHECK(with.node.streams.wanted == std::vector<std::string>{kUrl});
  CHECK(with.node.player().order.empty());
  with.node.pass(30s);
  CHECK(with.sounds() == "stream");
  CHECK(with.node.player().last().due->time_since_epoch() == with.node.run->clock.monotonic_at(with.due));
  CHECK(with.node.player().last().track.length == 120s);
  with.node.pass(120s);
  CHECK(with.node.streams.wanted.empty());
  CHECK(with.node.player().order.size() == 1);
  const auto record = with.only_record();
  CHECK(record.outcome == Outcome::played);
  CHECK(record.heard_ms == 120'000);
  CHECK(record.clip_sha256.empty());
}

TEST_CASE("a relay whose stream is away when it is due gives way to its substitute at once, and comes back after it") {
  Relayed with(true);
  with.node.pass(40s);
  with.lose("stream_lost");
  with.node.pass(21s);
  CHECK(with.sounds() == "substitute");
  with.node.pass(5s);
  with.find();
  with.node.pass(5s);
  CHECK(with.sounds() == "substitute");  // what began stays to its end
  with.node.pass(10s);
  CHECK(with.sounds() == "stream");
  with.node.pass(100s);
  const auto record = with.only_record();
  CHECK(record.outcome == Outcome::partial);
  CHECK(record.reason == "substituted");
  CHECK(record.heard_ms >= 119'000);
}

TEST_CASE("a relay that dies gives way to its substitute, and sounds again after it once it is back") {
  Relayed with(true);
  with.node.pass(70s);
  CHECK(with.sounds() == "stream");
  with.lose("silent");
  with.node.pass(1s);
  CHECK(with.sounds() == "substitute");
  with.node.pass(25s);  // the substitute is over, the stream is not back: its place is kept
  CHECK(with.sounds() == "stream");
  CHECK(with.node.records().empty());
  with.find();
  with.node.pass(90s);
  CHECK(with.only_record().outcome == Outcome::partial);
  CHECK(with.only_record().reason == "substituted");
  CHECK(with.only_record().clip_sha256 == with.plan.occurrences[0].substitutes[0].sha256);
  // stream, substitute, stream: no other change
  CHECK(with.node.player().order.size() == 3);
}

TEST_CASE("a relay that dies without a substitute keeps its place; the record says what was missing") {
  for (const std::string reason : {"stream_lost", "silent"}) {
    Relayed with(false);
    with.node.pass(70s);
    with.lose(reason.c_str());
    with.node.pass(20s);
    CHECK(with.node.records().empty());
    CHECK(with.sounds() == "stream");
    with.find();
    with.node.pass(20s);
    // What was not heard the player knows.
    const auto track = with.node.player().last().track.id;
    with.node.time.pass(71s);
    with.node.player().finished(track, 100s);
    with.node.pass(1s);
    const auto record = with.only_record();
    CHECK(record.outcome == Outcome::partial);
    CHECK(record.reason == "stream_lost");
    CHECK(record.heard_ms == 100'000);
    CHECK(with.node.player().order.size() == 1);
  }
}

TEST_CASE("a relay that never comes fails with the reason of its stream") {
  for (const std::string reason : {"stream_lost", "silent", "unsupported"}) {
    Relayed with(false);
    with.node.pass(40s);
    with.lose(reason.c_str());
    with.node.pass(150s);
    const auto record = with.only_record();
    CHECK(record.outcome == Outcome::failed);
    CHECK(record.reason == reason);
    CHECK(with.node.player().order.empty());
  }
}

TEST_CASE("a relay that comes late is joined") {
  Relayed with(false);
  with.node.pass(40s);
  with.lose("stream_lost");
  with.node.pass(40s);
  CHECK(with.sounds().empty());
  with.find();
  with.node.pass(1s);
  CHECK(with.sounds() == "stream");
  with.node.pass(120s);
  CHECK(with.only_record().outcome == Outcome::partial);
  CHECK(with.only_record().reason == "late");
}

TEST_CASE("an address that leaves the plan stops at once") {
  Relayed with(false);
  with.node.pass(70s);
  CHECK(with.sounds() == "stream");
  auto without = with.node.plan(101);
  with.node.send_plan(without);
  CHECK(with.sounds().empty());
  CHECK(with.node.streams.wanted.empty());
  CHECK(with.only_record().outcome == Outcome::cancelled);
}

TEST_CASE("neither a muted node nor one without the time listens to streams") {
  Relayed with(false);
  with.plan.revision = 101;
  with.plan.settings.mute = true;
  with.node.send_plan(with.plan);
  with.node.pass(50s);
  CHECK(with.node.streams.wanted.empty());
}
