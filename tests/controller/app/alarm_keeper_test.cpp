#include <catch2/catch.hpp>

#include "controller/alarm_keeper.hpp"
#include "controller/store/log_batches.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/sql.hpp"
#include "protocol/record_chain.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::controller;
using namespace std::chrono_literals;
namespace store = loa::store;
namespace protocol = loa::protocol;
namespace scheduler = loa::scheduler;
using store::AlarmKind;

namespace {

/// A keeper on a real store, looking at what the test says.
struct Kept {
  loa::tests::TempFolder folder;
  loa::tests::FakeClock clock;
  boost::asio::io_context loop;
  store::Store store{loop.get_executor(), (folder / "loa.db").string(), clock};
  Holding holding;
  std::vector<std::string> told;
  AlarmKeeper keeper{store, [this] { return holding; },
                     [this](const store::Alarm& alarm) {
                       told.push_back(std::string(name_of(alarm.kind)) + (alarm.ended ? " ended" : " raised"));
                     }};

  Kept() {
    holding[AlarmKind::broker_files] = {};
    keeper.start(0ms);
    settle();
  }
  void settle() { REQUIRE(loa::tests::run_until(loop, [&] { return keeper.idle(); })); }
  void look() {
    keeper.look();
    settle();
  }
  std::int64_t rows() {
    return store.run_sync([](store::Session& s) { return store::sql::value<std::int64_t>(s, "select count(*) from alarms").value(); });
  }
};

store::NewAlarm files(const std::string& detail) { return {AlarmKind::broker_files, "controller", {}, detail}; }
using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("what lasts is one alarm from its beginning to its end") {
  Kept kept;
  CHECK(kept.keeper.open().at(AlarmKind::broker_files) == 0);
  kept.holding[AlarmKind::broker_files] = {files("no space")};
  for (int i = 0; i < 5; ++i) kept.look();
  CHECK(kept.told == Told{"broker_files raised"});
  CHECK(kept.keeper.open().at(AlarmKind::broker_files) == 1);
  kept.holding[AlarmKind::broker_files] = {files("still no space")};
  kept.look();
  CHECK(kept.told.size() == 1);
  kept.holding[AlarmKind::broker_files] = {};
  kept.look();
  CHECK(kept.told == Told{"broker_files raised", "broker_files ended"});
  CHECK(kept.keeper.open().at(AlarmKind::broker_files) == 0);
  CHECK(kept.rows() == 1);
}

TEST_CASE("what cannot be judged now keeps its alarms") {
  Kept kept;
  kept.holding[AlarmKind::broker_files] = {files("no space")};
  kept.look();
  kept.holding.clear();
  kept.look();
  CHECK(kept.keeper.open().at(AlarmKind::broker_files) == 1);
}

TEST_CASE("alarms of an earlier run end where they hold no more") {
  Kept kept;
  kept.store.write_sync(store::system_actor(), [](store::Transaction& t) { store::raise_alarm(t, files("earlier")); });
  AlarmKeeper next(kept.store, [&] { return kept.holding; }, [&](const store::Alarm&) {});
  next.start(0ms);
  REQUIRE(loa::tests::run_until(kept.loop, [&] { return next.idle(); }));
  CHECK(next.open().at(AlarmKind::broker_files) == 0);
}

TEST_CASE("alarms raised elsewhere are counted, and end after a quiet day") {
  Kept kept;
  kept.store.write_sync(store::system_actor(), [](store::Transaction& t) {
    store::raise_alarm(t, {AlarmKind::node_signature, "n-one", "hue", "not signed by it"});
  });
  kept.keeper.changed();
  kept.settle();
  CHECK(kept.keeper.open().at(AlarmKind::node_signature) == 1);
  kept.clock.tick(23h);
  kept.look();
  CHECK(kept.keeper.open().at(AlarmKind::node_signature) == 1);
  kept.clock.tick(1h);
  kept.look();
  CHECK(kept.keeper.open().at(AlarmKind::node_signature) == 0);
  CHECK(kept.told == Told{"node_signature ended"});
}

TEST_CASE("a store that fails is asked again at the next look") {
  Kept kept;
  kept.store.run_sync([](store::Session& s) { store::sql::execute(s, "alter table alarms rename to elsewhere"); });
  kept.holding[AlarmKind::broker_files] = {files("no space")};
  kept.look();
  CHECK(kept.told.empty());
  kept.store.run_sync([](store::Session& s) { store::sql::execute(s, "alter table elsewhere rename to alarms"); });
  kept.look();
  CHECK(kept.told == Told{"broker_files raised"});
}

namespace {

/// The board n-one in hue.
void add_board(store::Store& store) {
  auto job = [](store::Transaction& t) {
    store::Area area;
    area.id = "hue";
    area.name = "Huế";
    area.kind = "province";
    REQUIRE(store::add_area(t, area));
    store::Node node;
    node.id = "n-one";
    node.code = "PX-1";
    node.area = "hue";
    node.certificate_serial = "1";
    REQUIRE(store::add_node(t, node));
    return 0;
  };
  store.write_sync(store::system_actor(), job);
}

}  // namespace

TEST_CASE("records that a board has and does not send are an alarm until they are there") {
  Kept kept;
  const auto write = [&](auto work) {
    auto job = [work](store::Transaction& transaction) { return work(transaction); };
    kept.store.write_sync(store::system_actor(), job);
  };
  add_board(kept.store);
  const auto say = [&] {
    write([at = kept.clock.now(), sequence = scheduler::to_ms(kept.clock.now())](store::Transaction& t) {
      store::NodeState state;
      state.state.node = "n-one";
      state.state.sequence = sequence;
      state.state.log_id = "log-1";
      state.state.log_number = 5;
      state.received = at;
      REQUIRE(store::put_node_state(t, state));
      store::note_log_end(t, "n-one", "log-1", 5);
      return 0;
    });
  };
  say();
  kept.clock.tick(11min);
  say();
  kept.look();
  CHECK(kept.told == Told{"records_missing raised"});
  const auto bring = [&](std::int64_t from, std::int64_t to) {
    write([=](store::Transaction& t) {
      std::vector<scheduler::PlayRecord> records;
      std::vector<std::string> hashes;
      for (auto number = from; number <= to; ++number) {
        auto& record = records.emplace_back();
        record.log_id = "log-1";
        record.number = number;
        record.previous_hash = protocol::first_previous_hash();
        record.due = t.now() - std::chrono::minutes(60 - number);
        record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
        hashes.push_back(protocol::record_hash(record));
      }
      store::add_records(t, "n-one", records, hashes);
      return 0;
    });
    kept.clock.tick(11min);
    say();
    kept.look();
  };
  bring(1, 4);
  CHECK(kept.told == Told{"records_missing raised"});
  bring(5, 5);
  CHECK(kept.told == Told{"records_missing raised", "records_missing ended"});
}

TEST_CASE("a board's hardware is an alarm for as long as its newest state says so") {
  struct Row {
    const char* name;
    const char* kind;
    std::function<void(protocol::State&)> trouble;
    const char* words;
  };
  const std::vector<Row> rows{
      {"nothing comes out of its amplifier", "amplifier_silent", [](protocol::State& state) {
         state.amplifier = protocol::Amplifier::fault;
         state.amplifier_dbfs = -81;
         state.level_dbfs = -19;
       }, "heard at the amplifier -81 dBFS, sent -19 dBFS"},
      {"its amplifier's fault line is active", "amplifier_silent", [](protocol::State& state) { state.amplifier = protocol::Amplifier::fault; },
       "in fault"},
      {"the mains are gone", "on_battery", [](protocol::State& state) {
         state.supply = protocol::Supply::battery;
         state.supply_mv = 12'400;
       }, "at 12.4 V"},
      {"its SIM is used up", "data_budget", [](protocol::State& state) {
         state.data_used = std::int64_t{600} << 20;
         state.data_budget = std::int64_t{500} << 20;
       }, "600 MiB used this month, of 500"},
      {"it died again and again", "safe_mode", [](protocol::State& state) { state.safe_mode = "ended 5 times, last by signal 11"; },
       "plays no schedule, only alerts: ended 5 times, last by signal 11"},
      {"its disk is full", "node_disk", [](protocol::State& state) { state.disk = protocol::DiskHealth::full; }, "its disk is full"},
      {"its disk can only be read", "node_disk", [](protocol::State& state) { state.disk = protocol::DiskHealth::read_only; }, "can only be read"},
      {"its disk fails", "node_disk", [](protocol::State& state) { state.disk = protocol::DiskHealth::failing; }, "its disk fails"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Kept kept;
      add_board(kept.store);
      protocol::State well;
      well.amplifier = protocol::Amplifier::off;
      well.supply = protocol::Supply::mains;
      well.disk = protocol::DiskHealth::ok;
      well.data_used = 5;
      well.data_budget = std::int64_t{500} << 20;
      const auto say = [&](protocol::State state) {
        state.node = "n-one";
        state.sequence = scheduler::to_ms(kept.clock.now());
        store::NodeState row_of{state, kept.clock.now(), ""};
        auto job = [&row_of](store::Transaction& t) { return store::put_node_state(t, row_of); };
        REQUIRE(kept.store.write_sync(store::system_actor(), job));
        kept.clock.tick(11min);
        kept.look();
      };
      say(well);
      CHECK(kept.told.empty());
      auto ill = well;
      row.trouble(ill);
      say(ill);
      CHECK(kept.told == Told{std::string(row.kind) + " raised"});
      const auto open = kept.store.run_sync([](store::Session& s) { return store::list_alarms(s, {{"hue"}, false, store::AlarmState::open, 10, {}}); });
      REQUIRE(open.size() == 1);
      CHECK(open[0].subject == "n-one");
      CHECK_THAT(open[0].detail, Catch::Contains(row.words));
      say(well);
      CHECK(kept.told == Told{std::string(row.kind) + " raised", std::string(row.kind) + " ended"});
    }
  }
}

TEST_CASE("of more boards than alarms are shown, the others are counted, and the first told stay") {
  Kept kept;
  add_board(kept.store);
  const auto on_battery = [&](int from, int to) {
    auto job = [&kept, from, to](store::Transaction& t) {
      for (int i = from; i < to; ++i) {
        store::Node node;
        node.id = "n-" + std::to_string(i);
        node.code = "PX-" + std::to_string(i);
        node.area = "hue";
        node.certificate_serial = "1";
        REQUIRE(store::add_node(t, node));
        store::NodeState state;
        state.state.node = node.id;
        state.state.supply = protocol::Supply::battery;
        state.received = kept.clock.now();
        REQUIRE(store::put_node_state(t, state));
      }
      return 0;
    };
    kept.store.write_sync(store::system_actor(), job);
    kept.clock.tick(11min);
    kept.told.clear();
    kept.look();
  };
  const auto others = [&] {
    return kept.store.run_sync([](store::Session& s) {
      return store::sql::value<std::int64_t>(s, "select count from alarms where subject = 'others' and ended is null").value_or(0);
    });
  };
  on_battery(200, 500);
  CHECK(kept.told.size() == static_cast<std::size_t>(store::kMostOpenAlarms));
  CHECK(others() == 300 - (store::kMostOpenAlarms - 1));
  on_battery(100, 110);  // before the first by name
  CHECK(kept.told.empty());
  CHECK(others() == 310 - (store::kMostOpenAlarms - 1));
}
