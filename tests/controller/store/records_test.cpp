#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "controller/store/occurrences.hpp"
#include "controller/store/play_records.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
namespace scheduler = loa::scheduler;

namespace {

/// Records `from`..`to` of one log, chained.
std::vector<scheduler::PlayRecord> log_of(std::int64_t from, std::int64_t to) {
  std::vector<scheduler::PlayRecord> records;
  std::string previous(64, '0');
  for (std::int64_t number = 1; number <= to; ++number) {
    scheduler::PlayRecord record;
    record.log_id = "log-1";
    record.number = number;
    record.previous_hash = previous;
    record.broadcast_id = "b-x";
    record.due = scheduler::from_ms(1'795'500'000'000 + number * 60000);
    record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
    record.programme_id = "p-x";
    record.title = "Tin";
    record.language = "vi";
    record.started = record.due;
    record.heard_ms = record.planned_ms = 30000;
    record.outcome = scheduler::Outcome::played;
    record.level_dbfs = -20.5;
    record.recorded = record.due + Millis{30000};
    previous = loa::protocol::record_hash(record);
    if (number >= from) records.push_back(std::move(record));
  }
  return records;
}

StoredBatch store(Province& province, const std::vector<scheduler::PlayRecord>& records) {
  std::vector<std::string> hashes;
  for (const auto& record : records) hashes.push_back(loa::protocol::record_hash(record));
  return province.write([&](Transaction& t) { return add_records(t, "n-one", records, hashes); });
}

}  // namespace

TEST_CASE("records are kept field by field") {
  Province province;
  auto records = log_of(1, 1);
  records[0].origin = scheduler::Origin{"province", "bulletin-7", 2};
  records[0].start_error_us = -450;
  records[0].amplifier_dbfs = -24.5;
  records[0].clock_bound_ms = 7;
  records[0].reason = "interrupted";
  records[0].interrupted_by = "l-1.1.1";
  store(province, records);
  const auto rows = list_records(*province.session, "n-one", "log-1");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].record == records[0]);
  CHECK(rows[0].hash == loa::protocol::record_hash(records[0]));
}

TEST_CASE("a resend is harmless") {
  Province province;
  CHECK(store(province, log_of(1, 5)).added == 5);
  const auto again = store(province, log_of(1, 7));
  CHECK(again.added == 2);
  CHECK(again.repeated == 5);
  CHECK(again.complete_to == 7);
  CHECK(again.broken_chain == 0);
  CHECK(count_records(*province.session, "n-one") == 7);
}

TEST_CASE("nothing is complete above a gap until it is filled") {
  Province province;
  store(province, log_of(1, 3));
  const auto above = store(province, log_of(6, 8));
  CHECK(above.complete_to == 3);
  CHECK(above.highest == 8);
  CHECK(complete_to(*province.session, "n-one", "log-1") == 3);
  CHECK(store(province, log_of(4, 5)).complete_to == 8);
}

TEST_CASE("a broken chain is counted and the record is kept, marked") {
  Province province;
  auto records = log_of(1, 3);
  records[1].previous_hash = std::string(64, 'a');
  CHECK(store(province, records).broken_chain == 2);  // the changed record, and the next that names its old hash
  const auto rows = list_records(*province.session, "n-one", "log-1");
  CHECK(rows.size() == 3);
  CHECK(rows[0].chain_ok);
  CHECK_FALSE(rows[1].chain_ok);
  SECTION("and so is another record under a number that is held") {
    auto forged = log_of(3, 3);
    forged[0].heard_ms = 1;
    const auto stored = store(province, forged);
    CHECK(stored.added == 0);
    CHECK(stored.broken_chain == 1);
    CHECK(list_records(*province.session, "n-one", "log-1")[2].record.heard_ms == 30000);
  }
}

TEST_CASE("killing a writer loses nothing committed and leaves no half batch") {
  constexpr int kBatch = 40;
  for (const int kill_after : {1, 3, 7}) {
    Province province;
    const auto path = loa::tests::store_url(province.folder / "loa.db");
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // The parent's connection must not be touched here: a database of its own, and an end without destructors.
      const auto session = open_session(path);
      for (int batch = 0;; ++batch) {
        const auto records = log_of(batch * kBatch + 1, (batch + 1) * kBatch);
        std::vector<std::string> hashes;
        for (const auto& record : records) hashes.push_back(loa::protocol::record_hash(record));
        Transaction transaction(*session, system_actor(), scheduler::from_ms(1));
        add_records(transaction, "n-one", records, hashes);
        transaction.commit();
        if (write(pipe_ends[1], "c", 1) != 1) _exit(1);
      }
    }
    close(pipe_ends[1]);
    int committed = 0;
    char byte = 0;
    while (committed < kill_after && read(pipe_ends[0], &byte, 1) == 1) ++committed;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(pipe_ends[0], &byte, 1) == 1) ++committed;
    close(pipe_ends[0]);

    const auto session = open_session(path);
    const auto rows = count_records(*session, "n-one");
    INFO("killed after " << committed << " batches");
    CHECK(rows >= committed * kBatch);
    CHECK(rows % kBatch == 0);
    CHECK(complete_to(*session, "n-one", "log-1") == rows);
    province.session = open_session(path);
    const auto resent = store(province, log_of(1, rows + 1));
    CHECK(resent.added == 1);
    CHECK(resent.complete_to == rows + 1);
  }
}

namespace {

Expected expected_at(TimePoint due, std::int64_t revision = 5) {
  Expected one;
  one.id = scheduler::occurrence_id("b-x", due);
  one.node = "n-one";
  one.broadcast = "b-x";
  one.programme = "p-x";
  one.title = "Tin";
  one.due = due;
  one.duration = Millis{30000};
  one.revision = revision;
  return one;
}

OccurrenceFilter all_of(const Province& province) {
  OccurrenceFilter filter;
  filter.roots = {"hue-19753"};
  filter.from = province.clock.now() - std::chrono::hours(24);
  filter.until = province.clock.now() + std::chrono::hours(48);
  return filter;
}

void report(Province& province, std::function<void(loa::protocol::State&)> say = [](auto&) {}) {
  static std::int64_t sequence = 0;
  NodeState state;
  state.state.node = "n-one";
  state.state.session_number = 1;
  state.state.sequence = ++sequence;
  state.state.lifecycle = loa::protocol::Lifecycle::ready;
  state.state.plan_held = 5;
  state.received = province.clock.now();
  say(state.state);
  REQUIRE(province.write([&](Transaction& t) { return put_node_state(t, state); }));
}

}  // namespace

TEST_CASE("an occurrence is what the node says of it") {
  Province province;
  const auto due = scheduler::from_ms(1'795'500'060'000);
  const auto expected = expected_at(due);
  report(province);
  province.write([&](Transaction& t) { expect_plan(t, "n-one", {expected}); });
  const auto row = [&] { return list_occurrences(*province.session, all_of(province), province.clock.now()).at(0); };

  CHECK(row().status == OccurrenceStatus::waiting);
  CHECK(row().node_code == "PX-1");
  CHECK(row().area == "hue-19753");

  SECTION("sounding when its state says so") {
    province.clock.set(due + Millis{1000});
    CHECK(row().status == OccurrenceStatus::waiting);
    report(province, [&](auto& state) { state.sounding = expected.id; });
    CHECK(row().status == OccurrenceStatus::playing);
  }
  SECTION("unreported while nothing is heard, with what is known") {
    struct Row {
      const char* name;
      std::function<void(loa::protocol::State&)> say;
      Millis after_due;
      Known known;
    };
    const Row rows[] = {
        {"its last word is older than the due time", [](auto&) {}, Millis{-30000}, Known::not_reached},
        {"it does not hold the plan", [](auto& s) { s.plan_held = 4; }, Millis{61000}, Known::plan_not_held},
        {"it went", [](auto& s) { s.lifecycle = loa::protocol::Lifecycle::gone; }, Millis{61000}, Known::node_gone},
        {"it holds the plan and says nothing", [](auto&) {}, Millis{61000}, Known::nothing},
    };
    for (const auto& one : rows) {
      INFO(one.name);
      province.clock.set(due + one.after_due);
      report(province, one.say);
      province.clock.set(due + std::chrono::minutes(5));
      CHECK(row().status == OccurrenceStatus::unreported);
      CHECK(row().known == one.known);
      CHECK(row().reason() == name_of(one.known));
    }
    SECTION("and gives way to the record, however late") {
      province.clock.set(due + std::chrono::hours(10));
      store(province, log_of(1, 1));
      CHECK(row().status == OccurrenceStatus::played);
      CHECK(row().record->heard_ms == 30000);
    }
  }
  SECTION("a new plan without it takes it back") {
    province.write([](Transaction& t) { expect_plan(t, "n-one", {}); });
    CHECK(list_occurrences(*province.session, all_of(province), province.clock.now()).empty());
    SECTION("but a node that played it all the same is believed") {
      store(province, log_of(1, 1));
      CHECK(row().status == OccurrenceStatus::played);
    }
  }
  SECTION("a later plan that holds it too does not count as the first that did") {
    province.write([&](Transaction& t) { expect_plan(t, "n-one", {expected_at(due, 9)}); });
    CHECK(row().expected.revision == 5);
  }
  SECTION("what is due already stays when a new plan leaves it out") {
    province.clock.set(due + Millis{1000});
    province.write([](Transaction& t) { expect_plan(t, "n-one", {}); });
    CHECK(row().status == OccurrenceStatus::waiting);
  }
  SECTION("what the policy keeps out is skipped with its word") {
    auto vetoed = expected;
    vetoed.veto = "outside_window";
    province.write([&](Transaction& t) { expect_plan(t, "n-one", {vetoed}); });
    CHECK(row().status == OccurrenceStatus::skipped);
    CHECK(row().reason() == "outside_window");
  }
  SECTION("another branch does not see it") {
    auto filter = all_of(province);
    filter.roots = {"hue-19774"};
    CHECK(list_occurrences(*province.session, filter, province.clock.now()).empty());
  }
}

TEST_CASE("a record that nobody expected is shown too") {
  Province province;
  store(province, log_of(1, 2));
  auto filter = all_of(province);
  CHECK(list_occurrences(*province.session, filter, province.clock.now()).size() == 2);
  filter.broadcast = "b-x";
  filter.limit = 1;
  const auto rows = list_occurrences(*province.session, filter, province.clock.now());
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].status == OccurrenceStatus::played);
  RecordFilter records;
  records.roots = {"hue"};
  records.from = filter.from;
  records.until = filter.until;
  CHECK(list_records(*province.session, records).size() == 2);
  records.outcome = scheduler::Outcome::failed;
  CHECK(list_records(*province.session, records).empty());
}

TEST_CASE("a self-test stands among the records, and never among what was to be heard") {
  Province province;
  auto records = log_of(1, 1);
  auto& test = records[0];
  test.occurrence_id = "o-1.selftest";
  test.broadcast_id = test.programme_id = test.title = "";
  test.level_kind = scheduler::LevelKind::measured;
  test.amplifier_dbfs = -31.5;
  CHECK(store(province, records).added == 1);
  CHECK(store(province, records).repeated == 1);
  CHECK(list_occurrences(*province.session, all_of(province), province.clock.now()).empty());
  const auto rows = list_records(*province.session, "n-one", "log-1");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].record.occurrence_id == "o-1.selftest");
  CHECK(rows[0].record.amplifier_dbfs == -31.5);
}
