#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <algorithm>
#include <map>

#include "tests/support/false_clock.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// A node whose system clock the test sets while it plays. Its kernel says that the clock is synchronised, so that the node follows it.
struct Board {
  const char* code;
  const char* to;          ///< what its clock is set to, as libfaketime takes it
  std::int64_t offset_ms;  ///< how far it is then from the true time; 0: not believed, the node keeps its own
  std::optional<SettableClock> clock;
};

class Boards {
 public:
  explicit Boards(Village& village) : village_(village) {
    all_.push_back({"PX-01", "+1h", 3'600'000, {}});
    all_.push_back({"PX-02", "-1h", 0, {}});  // before what the controller has signed
    all_.push_back({"PX-03", "@1970-01-01 00:00:05", 0, {}});
    all_.push_back({"PX-05", "-20", -20'000, {}});
    all_.push_back({"PX-04", "+0", 0, {}});  // the one beside which they are judged
    for (auto& board : all_) {
      village.add_node(board.code, Village::kWard);
      board.clock.emplace(village.node_folder(board.code) / "clock");
      village.start_node(board.code, {{}, board.clock->environment(LOA_FALSE_SYNC)});
    }
  }
  void set() {
    for (auto& board : all_) board.clock->set(board.to);
  }
  void set_right() {
    for (auto& board : all_) board.clock->set("+0");
  }
  const std::vector<Board>& all() const { return all_; }
  /// Whether every board that follows its clock has said `times` times that it was set.
  bool followed(int times) {
    return eventually(10s, [&] {
      return std::all_of(all_.begin(), all_.end(), [&](const Board& board) { return board.offset_ms == 0 || said(board.code) >= times; });
    });
  }

 private:
  int said(const char* code) {
    const auto log = village_.node(code).out() + village_.node(code).err();
    int times = 0;
    for (auto at = log.find("the clock was set by"); at != std::string::npos; at = log.find("the clock was set by", at + 1)) ++times;
    return times;
  }

  Village& village_;
  std::vector<Board> all_;
};

std::map<std::string, json::object> by_node(const json::array& records) {
  std::map<std::string, json::object> all;
  for (const auto& record : records) all[text(record, "node")] = record.as_object();
  return all;
}

}  // namespace

TEST_CASE("clocks set by an hour, by seconds and to 1970 in mid-play: not a word is lost or repeated, and what begins next begins by the corrected clock") {
  Village village;
  Boards boards(village);
  REQUIRE(village.nodes_ready());
  std::string words;
  for (int i = 0; i < 3; ++i) words += Village::kTwoSentences + std::string(" ");
  const auto programme = village.approved_programme("Đăng ký tạm trú", words);
  const auto later_programme = village.approved_programme("Ngắn", "Xin chào.");
  const auto heard = village.schedule(programme, 10s);
  const auto later = village.schedule(later_programme, 60s);
  REQUIRE(village.nodes_ready());
  for (const auto& board : boards.all()) REQUIRE(village.node(board.code).wait_for_line("playing (broadcast_sounds)", 30s));
  village.broker().kill();  // a head would put them right before they have gone wrong
  boards.set();
  const bool followed = boards.followed(1);
  REQUIRE(followed);
  for (const auto& board : boards.all()) CHECK(village.node(board.code).wait_for_line(heard + "@", 60s));  // its outcome
  boards.set_right();
  REQUIRE(boards.followed(2));
  village.start_broker();
  const auto records = by_node(village.wait_for_records("broadcast=" + heard, boards.all().size(), 60s));
  const auto afterwards = by_node(village.wait_for_records("broadcast=" + later, boards.all().size(), 90s));
  INFO(village.last_words());
  REQUIRE(records.size() == boards.all().size());
  const auto planned = records.at(village.node_id("PX-04")).at("planned_ms").as_int64();
  REQUIRE(planned > 15'000);
  for (const auto& [node, record] : records) {
    INFO(json::serialize(record));
    CHECK(text(record, "outcome") == "played");
    CHECK(std::abs(record.at("heard_ms").as_int64() - planned) < 100);
    CHECK(record.at("clock_bound_ms").as_int64() >= 5);
    CHECK(record.at("clock_bound_ms").as_int64() <= 20);
  }
  REQUIRE(afterwards.size() == boards.all().size());
  for (const auto& board : boards.all()) {
    const auto& record = afterwards.at(village.node_id(board.code));
    INFO(board.code << " " << json::serialize(record));
    if (board.offset_ms > 0) {
      CHECK(text(record, "outcome") == "skipped");
      CHECK(text(record, "reason") == "clock_stepped");
      continue;
    }
    CHECK(text(record, "outcome") == "played");
    CHECK(std::abs(record.at("start_error_us").as_int64()) < 100'000);
  }
  CHECK(village.records("broadcast=" + heard).size() == boards.all().size());
}
