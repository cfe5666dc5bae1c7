#include <algorithm>

#include "tests/controller/store/proving_board.hpp"

using namespace loa::store;
namespace scheduler = loa::scheduler;
namespace protocol = loa::protocol;

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
