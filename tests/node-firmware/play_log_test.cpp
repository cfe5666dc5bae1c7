#include <catch2/catch.hpp>

#include "node-firmware/play_log.hpp"
#include "protocol/record_chain.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using node::Database;
using node::PlayLog;
using node::Transaction;
using protocol::RefusalCode;

namespace {

const auto kStart = scheduler::from_ms(1'790'000'000'000);

scheduler::PlayRecord record(int n, scheduler::TimePoint recorded = kStart) {
  scheduler::PlayRecord record;
  record.occurrence_id = "b-" + std::to_string(n) + "@20261124T060000Z";
  record.broadcast_id = "b-" + std::to_string(n);
  record.title = "Bản tin " + std::to_string(n);
  record.language = "vi";
  record.due = kStart;
  record.recorded = recorded;
  return record;
}

void write(Database& database, PlayLog& log, int from, int to, scheduler::TimePoint recorded = kStart) {
  Transaction transaction(database);
  for (int n = from; n <= to; ++n) log.append(record(n, recorded));
  transaction.commit();
}

struct Log {
  explicit Log(int records) : log(database) {
    write(database, log, 1, records);
  }
  std::vector<scheduler::PlayRecord> send() {
    auto batch = log.next_batch();
    if (!batch.empty()) log.sent(batch.back().number);
    return batch;
  }
  protocol::LogAck ack(std::int64_t number, int seconds) {
    return {"n-1", kStart + std::chrono::seconds(seconds), log.id(), number, {"hue"}};
  }
  tests::TempFolder folder;
  Database database{folder / "node.db"};
  PlayLog log;
};

}  // namespace

TEST_CASE("records are numbered without gaps and chained by hash, across restarts") {
  tests::TempFolder folder;
  std::string id;
  {
    Database database(folder / "node.db");
    PlayLog log(database);
    id = log.id();
    write(database, log, 1, 2);
  }
  Database database(folder / "node.db");
  PlayLog log(database);
  CHECK(log.id() == id);
  write(database, log, 3, 3);
  const auto all = log.next_batch();
  REQUIRE(all.size() == 3);
  CHECK(all[0].previous_hash == protocol::first_previous_hash());
  CHECK(protocol::follows(all[0], all[1]));
  CHECK(protocol::follows(all[1], all[2]));
  CHECK(all[2].number == 3);
}

TEST_CASE("an occurrence never has a second record") {
  Log with(1);
  Transaction transaction(with.database);
  CHECK_FALSE(with.log.append(record(1)));
  CHECK(with.log.append(record(2))->number == 2);
}

TEST_CASE("a record whose transaction did not end is not there, and its number is given again") {
  tests::TempFolder folder;
  Database database(folder / "node.db");
  {
    PlayLog log(database);
    Transaction transaction(database);
    log.append(record(1));
  }
  PlayLog log(database);
  write(database, log, 2, 2);
  CHECK(log.next_batch().at(0).number == 1);
}

TEST_CASE("batches hold at most 200 records, and one waits for its acknowledgement before the next goes") {
  Log with(450);
  CHECK(with.send().size() == 200);
  CHECK(with.send().empty());
  REQUIRE(with.log.take_ack(with.ack(200, 1)).has_value());
  CHECK(with.send().front().number == 201);
  with.log.send_again();
  CHECK(with.send().front().number == 201);
  REQUIRE(with.log.take_ack(with.ack(400, 2)).has_value());
  CHECK(with.send().size() == 50);
  REQUIRE(with.log.take_ack(with.ack(450, 3)).has_value());
  CHECK(with.send().empty());
}

TEST_CASE("acknowledgements that cannot be true are refused") {
  Log with(10);
  with.send();
  REQUIRE(with.log.take_ack(with.ack(5, 10)).has_value());
  SECTION("above what was sent") { CHECK(with.log.take_ack(with.ack(11, 11)).error().code == RefusalCode::old_revision); }
  SECTION("not newer than the last") { CHECK(with.log.take_ack(with.ack(7, 10)).error().code == RefusalCode::stale); }
  SECTION("of another log") {
    auto ack = with.ack(7, 11);
    ack.log_id = "log-other";
    CHECK(with.log.take_ack(ack).error().code == RefusalCode::old_revision);
  }
  SECTION("rows that were never sent, after a restart") {
    write(with.database, with.log, 11, 12);
    PlayLog again(with.database);
    CHECK(again.take_ack(with.ack(12, 11)).error().code == RefusalCode::old_revision);
    CHECK(again.take_ack(with.ack(10, 11)).has_value());
  }
  CHECK(with.log.acked() >= 5);
}

TEST_CASE("a newer acknowledgement with a lower number means: send again from there") {
  Log with(10);
  with.send();
  REQUIRE(with.log.take_ack(with.ack(10, 1)).has_value());
  REQUIRE(with.log.take_ack(with.ack(4, 2)).has_value());
  CHECK(with.log.acked() == 4);
  const auto batch = with.send();
  REQUIRE(batch.size() == 6);
  CHECK(batch.front().number == 5);
}

TEST_CASE("an acknowledgement of a part of what is on its way leaves the rest waiting, to be sent again in time") {
  Log with(10);
  with.send();
  REQUIRE(with.log.take_ack(with.ack(4, 1)).has_value());
  CHECK(with.log.waits_for_ack());
  CHECK(with.send().empty());
  SECTION("its own comes") {
    REQUIRE(with.log.take_ack(with.ack(10, 2)).has_value());
    CHECK_FALSE(with.log.waits_for_ack());
    CHECK(with.send().empty());
  }
  SECTION("none comes") {
    with.log.send_again();
    CHECK(with.send().front().number == 5);
  }
}

TEST_CASE("the controller can ask again from a number") {
  Log with(10);
  with.send();
  REQUIRE(with.log.take_ack(with.ack(10, 1)).has_value());
  REQUIRE(with.log.send_from(3).has_value());
  CHECK(with.send().front().number == 3);
  SECTION("above what it has: nothing before is left out") {
    REQUIRE(with.log.take_ack(with.ack(4, 2)).has_value());
    REQUIRE(with.log.send_from(8).has_value());
    CHECK(with.send().front().number == 5);
  }
  CHECK(with.log.send_from(0).error().code == RefusalCode::malformed);
  CHECK(with.log.send_from(12).error().code == RefusalCode::malformed);
}

TEST_CASE("acknowledged records stay 30 days, others for ever, and numbers go on") {
  Log with(4);
  with.send();
  REQUIRE(with.log.take_ack(with.ack(3, 1)).has_value());
  with.log.prune(kStart + std::chrono::hours(24 * 29));
  REQUIRE(with.log.send_from(1).has_value());
  CHECK(with.send().size() == 4);
  with.log.prune(kStart + std::chrono::hours(24 * 31));
  REQUIRE(with.log.send_from(1).has_value());
  const auto left = with.send();
  REQUIRE(left.size() == 1);
  CHECK(left[0].number == 4);
  REQUIRE(with.log.take_ack(with.ack(4, 2)).has_value());
  with.log.prune(kStart + std::chrono::hours(24 * 400));
  PlayLog again(with.database);
  write(with.database, again, 5, 5);
  CHECK(again.last_number() == 5);
  CHECK(again.next_batch().at(0).previous_hash == protocol::record_hash(left[0]));
}
