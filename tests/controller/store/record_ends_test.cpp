#include "controller/store/play_records.hpp"
#include "tests/controller/store/proving_board.hpp"

using namespace loa::store;

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
