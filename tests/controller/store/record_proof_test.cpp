#include <functional>

#include "controller/store/play_records.hpp"
#include "tests/controller/store/proving_board.hpp"

using namespace loa::store;
namespace protocol = loa::protocol;

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
