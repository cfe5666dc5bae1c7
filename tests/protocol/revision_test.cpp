#include "protocol/revision.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "protocol/codec.hpp"
#include "protocol/hash.hpp"
#include "protocol/record_chain.hpp"
#include "tests/protocol/samples.hpp"

namespace samples = loa::protocol::samples;
namespace scheduler = loa::scheduler;
using namespace loa::protocol;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kDay = 24 * 60 * 60 * 1000;
const std::int64_t kNow = scheduler::to_ms(samples::now());

template <class T>
std::string verdict(const Result<T>& result) {
  if (result) return "taken";
  return std::string{name_of(result.error().code)} + " at " + result.error().where + ": " +
         result.error().message;
}

}  // namespace

TEST_CASE("the next revision is the time in milliseconds, or one above the last where the clock is behind") {
  CHECK(next_revision(0, samples::now()) == kNow);
  CHECK(next_revision(kNow - 1, samples::now()) == kNow);
  CHECK(next_revision(kNow, samples::now()) == kNow + 1);
  CHECK(next_revision(kNow + kDay, samples::now()) == kNow + kDay + 1);
}

TEST_CASE("a node's report raises its plan's revision by at most a day") {
  struct Row {
    std::string name;
    std::int64_t last;
    std::int64_t reported;
    std::int64_t expected;
    bool alarm;
  };
  const std::vector<Row> rows{
      {"the same", kNow - 5, kNow - 5, kNow - 5, false},
      {"lower", kNow - 5, kNow - 9, kNow - 5, false},
      {"higher, as after a restored backup", kNow - kDay, kNow - 5, kNow - 5, false},
      {"higher, from a controller that lost its store", 0, kNow - 5, kNow - 5, false},
      {"exactly a day ahead", 0, kNow + kDay, kNow + kDay, false},
      {"more than a day ahead", kNow - 5, kNow + kDay + 1, kNow - 5, true},
      {"the highest number there is", kNow, std::numeric_limits<std::int64_t>::max(), kNow, true},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto taken = take_reported(row.last, row.reported, samples::now());
    CHECK(taken.last == row.expected);
    CHECK(taken.alarm == row.alarm);
  }
}

TEST_CASE("a head is taken only when it answers our nonce, is newer, and names no lower revision") {
  const Head head = samples::head();
  const std::string nonce = head.nonce;
  const std::int64_t plan = head.plan_revision;
  struct Row {
    std::string name;
    std::optional<TimePoint> last_issued;
    std::string nonce;
    std::int64_t plan_highest;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"the first", {}, nonce, 0, "taken"},
      {"a newer one", head.issued - 1ms, nonce, plan, "taken"},
      {"the same again", head.issued, nonce, plan,
       "stale at /iat: the head is not newer than the last one taken"},
      {"an older one", head.issued + 1ms, nonce, plan,
       "stale at /iat: the head is not newer than the last one taken"},
      {"another nonce",
       {},
       "AAAAAAAAAAAAAAAAAAAAAA",
       0,
       "stale at /nonce: the head does not answer the nonce last sent"},
      {"no nonce sent yet", {}, "", 0, "stale at /nonce: the head does not answer the nonce last sent"},
      {"a lower revision",
       {},
       nonce,
       plan + 1,
       "old_revision at /plan_revision: the head names a lower revision than one before it"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(verdict(check_head(head, row.last_issued, row.nonce, row.plan_highest)) == row.expected);
  }
}

TEST_CASE("an acknowledgement moves the log on, sends it back, or is refused") {
  const LogAck ack = samples::log_ack();  // number 42
  struct Row {
    std::string name;
    AckState known;
    std::string expected;
    bool resend = false;
  };
  const std::vector<Row> rows{
      {"the first", {ack.log_id, 44, 0, {}}, "taken"},
      {"of all that was sent", {ack.log_id, 42, 40, ack.issued - 1ms}, "taken"},
      {"the same number again, newer", {ack.log_id, 44, 42, ack.issued - 1ms}, "taken"},
      {"a lower number, newer: send again", {ack.log_id, 60, 50, ack.issued - 1ms}, "taken", true},
      {"above what was sent",
       {ack.log_id, 41, 40, {}},
       "old_revision at /number: the acknowledgement is above what was sent"},
      {"not newer",
       {ack.log_id, 44, 40, ack.issued},
       "stale at /iat: the acknowledgement is not newer than the last one taken"},
      {"a replayed lower one",
       {ack.log_id, 60, 50, ack.issued + 1ms},
       "stale at /iat: the acknowledgement is not newer than the last one taken"},
      {"of a log that was lost",
       {"log-new", 44, 0, {}},
       "old_revision at /log_id: the acknowledgement is for another log"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto checked = check_ack(ack, row.known);
    CHECK(verdict(checked) == row.expected);
    if (!checked) continue;
    CHECK(checked->acked == 42);
    CHECK(checked->resend == row.resend);
  }
}

TEST_CASE("a play record carries the hash of the record before it") {
  const auto records = samples::log().records;
  CHECK(record_hash(records[0]) == sha256_hex(encode(records[0])));
  CHECK(records[1].previous_hash == record_hash(records[0]));
  CHECK(follows(records[0], records[1]));
  CHECK(first_previous_hash() == std::string(64, '0'));

  auto changed = records[0];
  changed.heard_ms += 1;
  CHECK_FALSE(follows(changed, records[1]));
  auto skipped = records[1];
  skipped.number += 1;
  CHECK_FALSE(follows(records[0], skipped));
  auto foreign = records[1];
  foreign.log_id = "log-other";
  CHECK_FALSE(follows(records[0], foreign));
}

TEST_CASE("the hash of a record is the same after it crossed the wire") {
  const auto sent = samples::log();
  const auto received = decode_log(encode(sent)).value();
  for (std::size_t index = 0; index < sent.records.size(); ++index) {
    CHECK(record_hash(received.records[index]) == record_hash(sent.records[index]));
  }
}
