#include <catch2/catch.hpp>

#include "controller/store/audit.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/streams.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
namespace scheduler = loa::scheduler;

namespace {

struct Stations : Province {
  Stream add(const std::string& url = "https://radio.hue.example/live", const std::string& area = "hue-19753") {
    Stream made;
    made.id = loa::protocol::random_id("st");
    made.area = area;
    made.name = "Đài Huế";
    made.url = url;
    REQUIRE(write([&](Transaction& t) { return add_stream(t, made); }, "u-author"));
    return now(made.id);
  }
  Stream now(const std::string& id) { return find_stream(*session, id).value(); }
  bool approve(const Stream& stream) {
    return write([&](Transaction& t) { return approve_stream(t, stream.id, stream.content_hash); }, "u-approver");
  }
  bool allow(const std::string& id, bool allowed) {
    return write([&](Transaction& t) { return allow_plain_http(t, id, allowed); }, "u-province");
  }
  bool change(Stream stream, const std::string& url) {
    stream.url = url;
    return write([&](Transaction& t) { return update_stream(t, stream); }, "u-second");
  }
  /// Half an hour of the stream in the ward, every morning; its id.
  std::string relay(const Stream& stream, const std::vector<std::string>& substitutes = {}) {
    Broadcast made;
    made.id = loa::protocol::random_id("b");
    made.stream = stream.id;
    made.duration = std::chrono::minutes(30);
    made.area = stream.area;
    made.areas = {stream.area};
    made.substitutes = substitutes;
    made.when.start = *scheduler::parse_local("2026-11-25T06:00:00");
    made.after_interrupt = scheduler::AfterInterrupt::join;
    made.creator = "u-author";
    REQUIRE(write([&](Transaction& t) { return add_broadcast(t, made); }));
    return made.id;
  }
  std::size_t planned() { return list_broadcasts_to_plan(*session).size(); }
};

}  // namespace

TEST_CASE("a stream begins waiting, and keeps who gave it its address and when") {
  Stations stations;
  const auto stream = stations.add();
  CHECK(stream.state == StreamState::waiting);
  CHECK(stream.language == "vi");
  CHECK(stream.set_by == "u-author");
  CHECK(stream.set_at == stations.clock.now());
  CHECK_FALSE(stream.plain_http_allowed);
  CHECK(std::string(held_back_by(stream)) == "stream_not_approved");
  CHECK_FALSE(stations.write([&](Transaction& t) { return add_stream(t, stream); }));
  Stream nowhere;
  nowhere.id = "st-x";
  nowhere.area = "nowhere";
  CHECK_FALSE(stations.write([&](Transaction& t) { return add_stream(t, nowhere); }));
}

TEST_CASE("a stream's approval is of exactly what was seen, and any change ends it") {
  Stations stations;
  auto stream = stations.add();
  CHECK_FALSE(stations.write([&](Transaction& t) { return approve_stream(t, stream.id, std::string(64, '0')); }));
  REQUIRE(stations.approve(stream));
  CHECK_FALSE(stations.approve(stream));
  stream = stations.now(stream.id);
  CHECK(stream.approver == "u-approver");
  CHECK(stream.approved_hash == stream.content_hash);
  CHECK(std::string(held_back_by(stream)).empty());
  stations.clock.tick(Millis{1000});
  SECTION("the address") {
    REQUIRE(stations.change(stream, "https://radio.hue.example/live2"));
    CHECK(stations.now(stream.id).set_by == "u-second");
    CHECK(stations.now(stream.id).set_at == stations.clock.now());
  }
  SECTION("the name") {
    stream.name = "Đài khác";
    REQUIRE(stations.write([&](Transaction& t) { return update_stream(t, stream); }));
    CHECK(stations.now(stream.id).set_by == "u-author");
  }
  SECTION("the language") {
    stream.language = "ktv";
    REQUIRE(stations.write([&](Transaction& t) { return update_stream(t, stream); }));
  }
  SECTION("nothing: it stays approved") {
    REQUIRE(stations.change(stream, stream.url));
    CHECK(stations.now(stream.id).state == StreamState::approved);
    return;
  }
  const auto changed = stations.now(stream.id);
  CHECK(changed.state == StreamState::waiting);
  CHECK(changed.approved_hash.empty());
  CHECK(std::string(held_back_by(changed)) == "stream_not_approved");
  CHECK_FALSE(stations.approve(stream));  // what was seen before
  CHECK(stations.approve(changed));
}

TEST_CASE("leave for plain HTTP is of exactly one address") {
  Stations stations;
  const auto safe = stations.add();
  CHECK_FALSE(stations.allow(safe.id, true));
  auto unsafe = stations.add("http://radio.hue.example/live");
  REQUIRE(stations.approve(unsafe));
  CHECK(std::string(held_back_by(stations.now(unsafe.id))) == "plain_http_not_allowed");
  CHECK_FALSE(stations.allow(unsafe.id, false));
  REQUIRE(stations.allow(unsafe.id, true));
  CHECK_FALSE(stations.allow(unsafe.id, true));
  unsafe = stations.now(unsafe.id);
  CHECK(unsafe.plain_http_by == "u-province");
  CHECK(unsafe.plain_http_at == stations.clock.now());
  CHECK(unsafe.state == StreamState::approved);
  CHECK(std::string(held_back_by(unsafe)).empty());
  SECTION("another address of its own needs another") {
    REQUIRE(stations.change(unsafe, "http://radio.hue.example/other"));
    REQUIRE(stations.approve(stations.now(unsafe.id)));
    CHECK(std::string(held_back_by(stations.now(unsafe.id))) == "plain_http_not_allowed");
    CHECK_FALSE(stations.now(unsafe.id).plain_http_at);
  }
  SECTION("another name does not") {
    unsafe.name = "Đài khác";
    REQUIRE(stations.write([&](Transaction& t) { return update_stream(t, unsafe); }));
    CHECK(stations.now(unsafe.id).plain_http_allowed);
  }
  SECTION("taken back it is noted who did") {
    stations.clock.tick(Millis{1000});
    REQUIRE(stations.allow(unsafe.id, false));
    CHECK(stations.now(unsafe.id).plain_http_at == stations.clock.now());
  }
}

TEST_CASE("a retired stream stays so") {
  Stations stations;
  const auto stream = stations.add("http://radio.hue.example/live");
  REQUIRE(stations.write([&](Transaction& t) { return retire_stream(t, stream.id); }));
  const auto gone = stations.now(stream.id);
  CHECK(gone.state == StreamState::retired);
  CHECK(gone.retired == stations.clock.now());
  CHECK(gone.retired_by == "u-someone");
  CHECK_FALSE(stations.write([&](Transaction& t) { return retire_stream(t, stream.id); }));
  CHECK_FALSE(stations.approve(stream));
  CHECK_FALSE(stations.allow(stream.id, true));
  CHECK_FALSE(stations.change(stream, "https://radio.hue.example/live2"));
}

TEST_CASE("every write of a stream leaves a row in the audit log") {
  Stations stations;
  const auto stream = stations.add("http://radio.hue.example/live");
  stations.approve(stream);
  stations.allow(stream.id, true);
  stations.allow(stream.id, false);
  stations.change(stream, "https://radio.hue.example/live");
  stations.write([&](Transaction& t) { return retire_stream(t, stream.id); });
  std::string actions;
  for (const auto& row : list_audit(*stations.session, {"hue-19753"}, false, 6)) {
    CHECK(row.subject == "stream");
    CHECK(row.id == stream.id);
    CHECK(row.detail.find("radio.hue.example/live") != std::string::npos);
    actions += row.action + " ";
  }
  CHECK(actions == "retire update forbid_plain_http allow_plain_http approve add ");
  CHECK(has_set(*stations.session, stream.id, "u-author"));
  CHECK(has_set(*stations.session, stream.id, "u-second"));
  CHECK_FALSE(has_set(*stations.session, stream.id, "u-approver"));
}

TEST_CASE("streams are listed by branch, with those of areas above, by state and in pages") {
  Stations stations;
  const auto of_province = stations.add("https://a.example/1", "hue");
  stations.clock.tick(Millis{1});
  const auto of_ward = stations.add("https://a.example/2");
  stations.clock.tick(Millis{1});
  const auto of_zone = stations.add("https://a.example/3", "hue-19753-a");
  stations.clock.tick(Millis{1});
  const auto elsewhere = stations.add("https://a.example/4", "hue-19774");
  const auto listed = [&](const StreamFilter& filter) {
    std::vector<std::string> ids;
    for (const auto& one : list_streams(*stations.session, filter)) ids.push_back(one.id);
    return ids;
  };
  CHECK(listed({.roots = {"hue-19753"}}) == std::vector{of_zone.id, of_ward.id});
  CHECK(listed({.roots = {"hue-19753"}, .above = {"hue"}}) == std::vector{of_zone.id, of_ward.id, of_province.id});
  CHECK(listed({.roots = {"hue"}, .limit = 2}) == std::vector{elsewhere.id, of_zone.id});
  CHECK(listed({.roots = {"hue"}, .after = std::tuple(of_zone.changed, of_zone.id)}) == std::vector{of_ward.id, of_province.id});
  stations.approve(of_ward);
  CHECK(listed({.roots = {"hue"}, .state = StreamState::approved}) == std::vector{of_ward.id});
}

TEST_CASE("a relay is kept whole, and is of a stream alone") {
  Stations stations;
  const auto stream = stations.add();
  const auto id = stations.relay(stream);
  const auto held = *find_broadcast(*stations.session, id);
  CHECK(held.stream == stream.id);
  CHECK(held.programme.empty());
  CHECK(held.duration == std::chrono::minutes(30));
  auto both = held, neither = held, endless = held, unknown = held;
  for (auto* one : {&both, &neither, &endless, &unknown}) one->id = loa::protocol::random_id("b");
  both.programme = stations.approved().id;
  neither.stream.clear();
  endless.duration = Millis{0};
  unknown.stream = "st-none";
  for (const auto& bad : {both, neither, endless, unknown}) CHECK_FALSE(stations.write([&](Transaction& t) { return add_broadcast(t, bad); }));
  CHECK(list_broadcasts(*stations.session, {.roots = {"hue"}, .stream = stream.id}).size() == 1);
  CHECK(list_broadcasts(*stations.session, {.roots = {"hue"}, .stream = "st-other"}).empty());
  CHECK(list_relays(*stations.session, stream.id) == std::vector{held});
  stations.write([&](Transaction& t) { return cancel_broadcast(t, id, ""); });
  CHECK(list_relays(*stations.session, stream.id).empty());
}

TEST_CASE("a relay enters plans with the stream's exact address, its duration and the substitutes") {
  Stations stations;
  const auto programme = stations.approved();
  const auto stream = stations.add("http://radio.hue.example/live");
  stations.approve(stream);
  stations.allow(stream.id, true);
  stations.relay(stream, {programme.id});
  const auto planned = list_broadcasts_to_plan(*stations.session);
  REQUIRE(planned.size() == 1);
  CHECK(planned[0].title == "Đài Huế");
  CHECK(planned[0].programme_id == stream.id);
  CHECK(planned[0].after_interrupt == scheduler::AfterInterrupt::join);
  CHECK(planned[0].items == std::vector{scheduler::Item{.kind = scheduler::ItemKind::stream,
                                                        .duration = std::chrono::minutes(30),
                                                        .url = "http://radio.hue.example/live",
                                                        .plain_http_allowed = true}});
  REQUIRE(planned[0].substitutes.size() == 1);
  CHECK(planned[0].substitutes[0].sha256 == programme.clip_sha256);
}

TEST_CASE("a relay is in plans only while its stream may be") {
  Stations stations;
  const auto stream = stations.add("http://radio.hue.example/live");
  const auto broadcast = *find_broadcast(*stations.session, stations.relay(stream));
  const auto why = [&] { return held_back_by(*stations.session, broadcast); };
  CHECK(why() == "stream_not_approved");
  CHECK(stations.planned() == 0);
  stations.approve(stream);
  CHECK(why() == "plain_http_not_allowed");
  CHECK(stations.planned() == 0);
  stations.allow(stream.id, true);
  CHECK(why().empty());
  REQUIRE(stations.planned() == 1);
  SECTION("the leave is taken back") {
    stations.allow(stream.id, false);
    CHECK(why() == "plain_http_not_allowed");
  }
  SECTION("its address changes, and it comes back when that is approved") {
    stations.change(stream, "https://radio.hue.example/live");
    CHECK(why() == "stream_not_approved");
    CHECK(stations.planned() == 0);
    stations.approve(stations.now(stream.id));
    CHECK(why().empty());
    CHECK(stations.planned() == 1);
    return;
  }
  SECTION("it is retired") {
    stations.write([&](Transaction& t) { return retire_stream(t, stream.id); });
    CHECK(why() == "stream_retired");
  }
  CHECK(stations.planned() == 0);
}

TEST_CASE("whether a relay came without TLS is known of its occurrences and records") {
  Stations stations;
  Expected sounding{"b-1@20261125T000000Z", "n-one", "b-1", "", "st-1", "Đài Huế", {}, stations.clock.now() + Millis{1000}, Millis{60000}, 5, "", true};
  const auto expect_now = [&] { stations.write([&](Transaction& t) { expect_plan(t, "n-one", {sounding}); }); };
  expect_now();
  OccurrenceFilter filter;
  filter.roots = {"hue"};
  filter.from = stations.clock.now();
  filter.until = filter.from + std::chrono::hours(1);
  const auto unsafe = [&] { return list_occurrences(*stations.session, filter, stations.clock.now()).at(0).expected.plain_http; };
  CHECK(unsafe());
  scheduler::PlayRecord record;
  record.log_id = "log-1";
  record.number = 1;
  record.previous_hash = std::string(64, '0');
  record.occurrence_id = sounding.id;
  record.broadcast_id = "b-1";
  record.due = sounding.due;
  record.recorded = sounding.due;
  stations.write([&](Transaction& t) { add_records(t, "n-one", {record}, {std::string(64, 'a')}); });
  const auto records = list_records(*stations.session, RecordFilter{.roots = {"hue"}, .from = filter.from, .until = filter.until});
  REQUIRE(records.size() == 1);
  CHECK(records[0].plain_http);
  sounding.id = "b-1@20261125T000001Z";
  sounding.plain_http = false;
  filter.from = sounding.due;
  expect_now();
  sounding.plain_http = true;
  expect_now();
  CHECK(list_occurrences(*stations.session, filter, stations.clock.now()).size() == 2);
  for (const auto& row : list_occurrences(*stations.session, filter, stations.clock.now())) CHECK(row.expected.plain_http);
}
