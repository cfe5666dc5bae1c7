#include "controller/store/record_proof.hpp"

#include <catch2/catch.hpp>

#include "controller/store/hex.hpp"
#include "controller/store/log_batches.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/sql.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

namespace {

constexpr const char* kLog = "log-1";

/// A province and a board of it that writes, signs and sends a log; what it sends is stored as ingest does it.
struct Board : Province {
  protocol::PrivateKey key = protocol::PrivateKey::generate();
  std::vector<scheduler::PlayRecord> log;

  Board() {
    sql::execute(*session, "update nodes set signing_key = :key where id = 'n-one'", sql::params(to_hex(key.public_key())));
    sql::execute(*session, "update node_keys set signing_key = :key where node = 'n-one'", sql::params(to_hex(key.public_key())));
  }
  /// Lets the log go on until it has `last` records.
  void play_to(std::int64_t last) {
    while (static_cast<std::int64_t>(log.size()) < last) {
      scheduler::PlayRecord record;
      record.log_id = kLog;
      record.number = static_cast<std::int64_t>(log.size()) + 1;
      record.previous_hash = log.empty() ? protocol::first_previous_hash() : protocol::record_hash(log.back());
      record.broadcast_id = "b-x";
      record.due = scheduler::from_ms(1'795'500'000'000 + record.number * 60'000);
      record.occurrence_id = scheduler::occurrence_id("b-x", record.due);
      record.title = "Tin \"phường\"";
      record.level_dbfs = -20.1 - 0.3 * static_cast<double>(record.number);
      record.heard_ms = record.planned_ms = 30'000;
      record.outcome = scheduler::Outcome::played;
      record.recorded = record.due + Millis{30'000};
      log.push_back(std::move(record));
    }
  }
  protocol::LogBatch batch(std::int64_t from, std::int64_t to) const {
    return {"n-one", clock.now(), kLog, {log.begin() + (from - 1), log.begin() + to}};
  }
  StoredBatch send(const protocol::LogBatch& said) {
    const auto message = protocol::sign(protocol::MessageType::log, "n-one", protocol::encode(said), key);
    return write([&](Transaction& t) { return keep_batch(t, said, message); });
  }
  StoredBatch send(std::int64_t from, std::int64_t to) { return send(batch(from, to)); }
  void damage(const std::string& statement) { sql::execute(*session, statement); }
  RecordProof prove(std::int64_t from = 1, std::int64_t most = kProofPart, Millis later = std::chrono::hours(1)) {
    return loa::store::prove(read_log_part(*session, "n-one", kLog, clock.now() + later, from, most));
  }
  /// The board signs with keys of its own from now on; the key that it had.
  protocol::PrivateKey take_own_keys() {
    auto own = protocol::PrivateKey::generate();
    write([&](Transaction& t) {
      NodeKeys keys;
      keys.node = "n-one";
      keys.serial = "0b2c";
      keys.signing_key = own.public_key();
      keys.issued = t.now() + Millis{1};
      keys.not_after = t.now() + kNodeKeysLife;
      REQUIRE(offer_node_keys(t, keys));
      REQUIRE(take_node_keys(t, "n-one", "0b2c"));
    });
    std::swap(key, own);
    return own;
  }
  /// It says that its log ends at `number`.
  void say_end(std::int64_t number, const std::string& log_id = kLog) {
    NodeState said;
    said.state.node = "n-one";
    said.state.session = "s-b4vnt2zqb7rgx5vhd3kycm6paq";
    said.state.session_number = 1;
    said.state.sequence = ++sequence;
    said.state.nonce = protocol::random_nonce();
    said.state.issued = clock.now();
    said.state.formats = {1};
    said.state.version = "0.1.0";
    said.state.log_id = log_id;
    said.state.log_number = number;
    said.packet = protocol::sign(protocol::MessageType::state, "n-one", protocol::encode(said.state), key);
    said.received = clock.now();
    write([&](Transaction& t) {
      REQUIRE(put_node_state(t, said));
      note_log_end(t, "n-one", log_id, number);
    });
  }
  std::int64_t sequence = 0;
};

std::string text_of(const std::vector<ProofFinding>& findings) {
  std::string text;
  for (const auto& one : findings)
    text += (text.empty() ? "" : ", ") + std::string(name_of(one.fault)) + " " + std::to_string(one.from) +
            (one.to > one.from ? "-" + std::to_string(one.to) : "");
  return text;
}

}  // namespace

TEST_CASE("a log is proved from its rows and the board's signatures") {
  Board board;
  board.play_to(50);
  board.send(1, 20);
  board.send(15, 30);
  board.send(31, 50);
  const auto proof = board.prove();
  CHECK(text_of(proof.findings).empty());
  CHECK(proof.from == 1);
  CHECK(proof.to == 50);
  CHECK(proof.records == 50);
  CHECK(proof.proved == 50);
  CHECK_FALSE(proof.next);
  for (const auto& batch : list_signed_batches(*board.session, "n-one", kLog, 1, 50))
    CHECK(batch.jws.find("..") != std::string::npos);  // the rows are its payload
}

TEST_CASE("whatever is done to a stored record is found, with its number") {
  struct Row {
    const char* name;
    std::function<void(Board&)> damage;
    const char* found;
  };
  const auto sql = [](const char* statement) { return [statement](Board& board) { board.damage(statement); }; };
  const Row rows[] = {
      {"an outcome is changed", sql("update play_records set outcome = 'skipped' where number = 7"), "signature 1-6, changed 7, signature 8-20"},
      {"seconds are added, and the hash is made to fit",
       [](Board& board) {
         auto record = board.log[6];
         record.heard_ms += 1'000;
         sql::execute(*board.session, "update play_records set heard_ms = :heard, hash = :hash where number = 7",
                      sql::params(record.heard_ms, protocol::record_hash(record)));
       },
       "signature 1-20"},
      {"a level is changed in the last digit", sql("update play_records set level_dbfs = level_dbfs + 0.000001 where number = 40"),
       "signature 31-39, changed 40, signature 41-50"},
      {"one record is taken out", sql("delete from play_records where number = 25"), "unsigned 21-24, missing 25, unsigned 26-30"},
      {"the end is cut off", sql("delete from play_records where number > 45"), "unsigned 31-45, missing 46-50"},
      {"the end is cut off with its signature",
       [](Board& board) {
         board.damage("delete from play_records where number > 30");
         board.damage("delete from log_batches where first_number > 30");
       },
       "missing 31-50"},
      {"two records change places",
       [](Board& board) {
         board.damage("update play_records set number = 999 where number = 3");
         board.damage("update play_records set number = 3 where number = 4");
         board.damage("update play_records set number = 4 where number = 999");
       },
       "signature 1-2, changed 3-4, signature 5-20"},
      {"a signature is lost", sql("delete from log_batches where first_number = 31"), "unsigned 31-50"},
      {"a signature is that of another key",
       [](Board& board) {
         const auto other = protocol::PrivateKey::generate();
         const auto batch = board.batch(31, 50);
         const auto forged = signed_batch(batch, protocol::sign(protocol::MessageType::log, "n-one", protocol::encode(batch), other), true, {});
         sql::execute(*board.session, "update log_batches set jws = :jws where first_number = 31", sql::params(forged.jws));
       },
       "signature 31-50"},
      {"a signature is no signature", sql("update log_batches set jws = 'x' where first_number = 31"), "signature 31-50"},
      {"a record is put in that the board never wrote",
       [](Board& board) {
         auto record = board.log[49];
         record.number = 51;
         record.previous_hash = protocol::record_hash(board.log[49]);
         record.occurrence_id = "b-y@20261124T220000Z";
         board.write([&](Transaction& t) { add_records(t, "n-one", {record}, {protocol::record_hash(record)}); });
       },
       "unsigned 51"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Board board;
    board.play_to(50);
    board.send(1, 20);
    board.send(21, 30);
    board.send(31, 50);
    row.damage(board);
    CHECK(text_of(board.prove().findings) == row.found);
  }
}

TEST_CASE("a board that says two things of one record is shown with both") {
  Board board;
  board.play_to(20);
  board.send(1, 20);
  auto said = board.batch(9, 11);
  said.records[1].outcome = scheduler::Outcome::skipped;
  const auto stored = board.send(said);
  CHECK(stored.added == 0);
  CHECK(stored.differing == 1);
  CHECK(stored.broken_chain == 1);
  CHECK(text_of(board.prove().findings) == "contradicted 10");
  CHECK(list_records(*board.session, "n-one", kLog, 10, 1)[0].record == board.log[9]);  // the first word stays
}

TEST_CASE("a chain that does not hold is found, though every batch is signed") {
  Board board;
  board.play_to(10);
  board.send(1, 10);
  board.log.back().title = "another";  // the board goes on from a record that it never sent
  board.play_to(20);
  CHECK(board.send(11, 20).broken_chain == 1);
  CHECK(text_of(board.prove().findings) == "chain 11");

  SECTION("also where the first half comes last") {
    Board late;
    late.play_to(10);
    const auto first = late.batch(1, 10);
    late.log.back().title = "another";
    late.play_to(20);
    CHECK(late.send(11, 20).broken_chain == 0);
    CHECK(list_records(*late.session, "n-one", kLog, 11, 1)[0].chain_ok);
    CHECK(late.send(first).broken_chain == 1);
    CHECK_FALSE(list_records(*late.session, "n-one", kLog, 11, 1)[0].chain_ok);
    CHECK(text_of(late.prove().findings) == "chain 11");
  }
}

TEST_CASE("keys that a board has given up still prove what they signed") {
  Board board;
  board.play_to(40);
  board.send(1, 20);
  board.take_own_keys();
  board.send(21, 40);
  CHECK(board.prove().proved == 40);
}

TEST_CASE("what former keys sign behind their successors proves nothing") {
  Board board;
  board.play_to(40);
  board.send(1, 20);
  const auto former = board.take_own_keys();
  board.send(21, 40);
  board.play_to(41);
  auto forged = board.batch(41, 41);
  SECTION("of now") {}
  SECTION("of a time before, with a record that is younger than it") { forged.issued -= std::chrono::hours(24 * 365); }
  const auto message = protocol::sign(protocol::MessageType::log, "n-one", protocol::encode(forged), former);
  board.write([&](Transaction& t) { return keep_batch(t, forged, message); });
  CHECK(text_of(board.prove().findings) == "signature 41");
}

TEST_CASE("a gap that is filled with new keys leaves what the former ones had signed behind it") {
  Board board;
  board.play_to(450);
  board.clock.tick(std::chrono::hours(24 * 365));  // the records are older than their signatures
  board.send(1, 4);
  board.send(6, 205);
  board.send(206, 405);
  board.take_own_keys();
  board.clock.tick(std::chrono::hours(1));
  board.send(5, 204);
  board.send(406, 450);
  CHECK(text_of(board.prove().findings).empty());
  CHECK(board.prove().proved == 450);
}

TEST_CASE("of a board that says two things in one range both are kept, and no more than show it") {
  Board board;
  board.play_to(20);
  board.send(1, 8);
  board.send(9, 11);
  board.send(12, 20);
  auto said = board.batch(9, 11);
  for (int i = 0; i < 10; ++i) {
    said.records[1].heard_ms = 100 + i;
    board.send(said);
    board.send(said);
  }
  CHECK(text_of(board.prove().findings) == "contradicted 10");
  const auto kept = list_signed_batches(*board.session, "n-one", kLog, 9, 9);
  REQUIRE(kept.size() == 1);
  CHECK(std::count(kept[0].jws.begin(), kept[0].jws.end(), '\n') == static_cast<std::ptrdiff_t>(kMostWordsOfRange) - 1);

  board.play_to(120);
  board.send(21, 120);
  for (std::int64_t last = 22; last < 120; ++last) {
    auto other = board.batch(21, last);
    other.records[0].heard_ms = 7;
    board.send(other);
  }
  CHECK(list_signed_batches(*board.session, "n-one", kLog, 21, 21).size() == 1 + static_cast<std::size_t>(kMostContradictions));
  CHECK(text_of(board.prove().findings) == "contradicted 10, contradicted 21");
}

TEST_CASE("the end of a log is what the board signed of it, whatever the store says") {
  Board board;
  board.play_to(50);
  board.send(1, 30);
  board.send(31, 50);
  board.say_end(50);
  board.damage("delete from play_records where number > 30");
  board.damage("delete from log_batches where first_number > 30");
  board.damage("update log_positions set complete_to = 30, highest = 30, reported = 30, lacking_since = null");
  CHECK(text_of(board.prove().findings) == "missing 31-50");
  board.damage("delete from play_records");
  board.damage("delete from log_batches");
  board.damage("delete from log_positions");
  const auto logs = list_logs(*board.session, "n-one");
  REQUIRE(logs.size() == 1);
  CHECK(logs[0].log_id == kLog);
  CHECK(text_of(board.prove().findings) == "missing 1-50");
}

TEST_CASE("no end that a board names and no number that it writes makes a proof long") {
  Board board;
  board.play_to(5);
  board.send(1, 5);
  constexpr std::int64_t far = (std::int64_t{1} << 53) - 1;
  SECTION("the end") {
    board.say_end(far);
    const auto proof = board.prove();
    CHECK(text_of(proof.findings) == "missing 6-9007199254740991");
    CHECK_FALSE(proof.next);
  }
  SECTION("a record") {
    board.play_to(6);
    board.log.back().number = far - 1;
    board.send(6, 6);
    const auto proof = board.prove(1, 5);
    CHECK(text_of(proof.findings).empty());
    REQUIRE(proof.next);
    const auto rest = board.prove(*proof.next, 5);
    CHECK(text_of(rest.findings) == "missing 6-9007199254740989");
    CHECK(rest.records == 1);
    CHECK_FALSE(rest.next);
  }
}

TEST_CASE("records on their way are no fault yet, and those that were here are") {
  Board board;
  board.play_to(20);
  board.send(1, 10);
  board.say_end(15);
  const auto soon = std::chrono::minutes(9), late = std::chrono::minutes(10);
  CHECK(text_of(board.prove(1, 100, soon).findings) == "on_the_way 11-15");
  CHECK(text_of(board.prove(1, 100, late).findings) == "missing 11-15");
  board.send(13, 15);
  board.damage("delete from play_records where number = 10");
  CHECK(text_of(board.prove(1, 100, soon).findings) == "unsigned 1-9, missing 10, on_the_way 11-12");
}

TEST_CASE("a long log is proved in parts, whose borders may lie within a batch") {
  Board board;
  board.play_to(450);
  board.send(1, 200);
  board.send(201, 400);
  board.send(401, 450);
  std::int64_t proved = 0;
  std::optional<std::int64_t> from = 1;
  int parts = 0;
  while (from) {
    const auto proof = board.prove(*from, 70);
    CHECK(text_of(proof.findings).empty());
    proved += proof.proved;
    from = proof.next;
    ++parts;
  }
  CHECK(parts == 7);
  CHECK(proved == 450);
}

TEST_CASE("bounds and strange questions are answered") {
  Board board;
  board.play_to(3);
  board.send(1, 3);
  CHECK(board.prove(-5).from == 1);
  CHECK(board.prove(4).records == 0);
  CHECK(board.prove(1, 0).next == 2);
  const auto none = prove(read_log_part(*board.session, "n-one", "log-none", board.clock.now()));
  CHECK(none.records == 0);
  CHECK_FALSE(none.next);
}

TEST_CASE("what a board has and does not send is a gap with a beginning") {
  Board board;
  board.play_to(30);
  board.send(1, 10);
  const auto lacking = [&](Millis later) { return list_lacking_logs(*board.session, board.clock.now() + later, 10); };
  NodeState state;
  state.state.node = "n-one";
  state.state.log_id = kLog;
  const auto say = [&](std::int64_t number, const std::string& log) {
    state.state.log_id = log;
    state.state.log_number = number;
    ++state.state.sequence;
    state.received = board.clock.now();
    board.write([&](Transaction& t) {
      REQUIRE(put_node_state(t, state));
      note_log_end(t, "n-one", log, number);
    });
  };
  using namespace std::chrono_literals;
  say(10, kLog);
  CHECK(lacking(1h).empty());

  say(20, kLog);
  CHECK(lacking(9min).empty());  // on their way
  REQUIRE(lacking(11min).size() == 1);
  CHECK(lacking(11min)[0].complete_to == 10);
  CHECK(lacking(11min)[0].end == 20);
  CHECK_FALSE(lacking(11min)[0].given_up);
  CHECK(lacking(3h).empty());  // not heard for so long: it owes nothing yet
  CHECK(text_of(board.prove().findings) == "missing 11-20");

  SECTION("it ends when they come") {
    board.send(11, 20);
    CHECK(lacking(1h).empty());
    CHECK(list_logs(*board.session, "n-one")[0].complete_to == 20);
  }
  SECTION("records behind a gap do not end it, and do not begin it anew") {
    const auto since = lacking(11min)[0].since;
    board.clock.tick(1min);
    board.send(21, 30);
    REQUIRE(lacking(11min).size() == 1);
    CHECK(lacking(11min)[0].since == since);
    CHECK(lacking(11min)[0].end == 30);
  }
  SECTION("a log that was given up is told, but not for ever") {
    say(2, "log-2");
    const auto found = lacking(11min);
    REQUIRE(found.size() == 2);
    CHECK(found[0].given_up != found[1].given_up);
    board.clock.tick(31 * 24h);
    say(2, "log-2");
    REQUIRE(lacking(0min).size() == 1);
    CHECK(lacking(0min)[0].log_id == "log-2");
  }
  SECTION("of a board that was retired nothing is wanted") {
    board.write([](Transaction& t) { REQUIRE(retire_node(t, "n-one")); });
    CHECK(lacking(11min).empty());
  }
}
