#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "controller/api/page.hpp"
#include "controller/store/alarms.hpp"
#include "controller/store/broadcasts.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/occurrences.hpp"
#include "controller/store/play_records.hpp"
#include "controller/store/receipts.hpp"
#include "protocol/random_id.hpp"
#include "protocol/record_chain.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {
namespace {

struct List {
  const char* name;
  const char* path;     ///< with a query
  const char* pointer;  ///< of what tells its items apart
  std::function<void(TestApi&, int)> add;
};

std::string numbered(const char* text, int number) { return text + std::to_string(100 + number * 37 % 100); }

void add_record(TestApi& api, int number) {
  scheduler::PlayRecord record;
  record.log_id = numbered("log-", number);
  record.number = 1;
  record.previous_hash = std::string(64, '0');
  record.due = api.clock.now() - std::chrono::minutes(number % 2);
  record.broadcast_id = api.broadcast;
  record.occurrence_id = scheduler::occurrence_id(api.broadcast, record.due);
  record.outcome = scheduler::Outcome::played;
  record.recorded = record.due;
  api.write([&](store::Transaction& t) { store::add_records(t, api.node, {record}, {protocol::record_hash(record)}); });
}

void add_expected(TestApi& api, int number) {
  store::Expected expected;
  expected.id = numbered("b-x@", number);
  expected.broadcast = "b-x";
  expected.due = api.clock.now() + std::chrono::minutes(number * 7 % 5);
  api.write([&](store::Transaction& t) { store::expect_below(t, "hue-a", expected); });
}

void add_receipt(TestApi& api, int) {
  protocol::Receipt receipt;
  receipt.node = api.node;
  receipt.id = protocol::random_id("r");
  receipt.subject = "o-x";
  api.write([&](store::Transaction& t) { store::add_receipt(t, receipt); });
}

void add_broadcast(TestApi& api, int) {
  api.write([&](store::Transaction& t) {
    auto made = store::find_broadcast(t.session(), api.broadcast).value();
    made.id = protocol::random_id("b");
    store::add_broadcast(t, made);
  });
}

std::vector<std::string> items_of(const tests::HttpAnswer& page, const char* pointer) {
  std::vector<std::string> found;
  const auto answer = page.json();  // named: it must outlive the loop
  for (const auto& item : answer.at("items").as_array()) found.push_back(boost::json::serialize(item.at_pointer(pointer)));
  return found;
}

const List kLists[] = {
    {"programmes", "programmes?area=hue-a", "/id",
     [](TestApi& api, int n) { api.approved_programme("hue-a", numbered("Luật ", n)); }},
    {"programmes by their title", "programmes?q=Lu", "/id",
     [](TestApi& api, int n) { api.approved_programme("hue-a", numbered("Luật ", n)); }},
    {"broadcasts", "broadcasts?area=hue", "/id", add_broadcast},
    {"broadcasts by their state", "broadcasts?state=active", "/id", add_broadcast},
    {"alerts", "alerts?area=hue", "/id",
     [](TestApi& api, int) {
       auto approver = api.client("approver");
       REQUIRE(approver.post("/api/v1/alerts", R"({"area":"hue-a","status":"test","event":"flood","title":"x","stock_clip":"flood","minutes":5,"repeats":1})")
                   .status == 201);
     }},
    {"alarms", "alarms?state=open", "/id",
     [](TestApi& api, int n) {
       store::NewAlarm alarm;
       alarm.kind = store::AlarmKind::node_signature;
       alarm.subject = numbered("n-", n);
       alarm.area = "hue-a";
       api.write([&](store::Transaction& t) { store::raise_alarm(t, alarm); });
     }},
    {"nodes", "nodes?area=hue", "/code",
     [](TestApi& api, int n) {
       store::Node node;
       node.id = protocol::random_id("n");
       node.code = numbered("C-", n);
       node.area = "hue-a";
       api.write([&](store::Transaction& t) { store::add_node(t, node); });
     }},
    {"users", "users?", "/name",
     [](TestApi& api, int n) {
       store::User user;
       user.id = protocol::random_id("u");
       user.login = numbered("m", n);
       api.write([&](store::Transaction& t) { store::add_user(t, user); });
     }},
    {"receipts", "receipts?subject=o-x", "", add_receipt},
    {"occurrences", "occurrences?from=2026-11-25T00:00:00Z&to=2026-11-26T00:00:00Z&broadcast=b-x", "/occurrence", add_expected},
    {"play records", "play-records?area=hue", "/log_id", add_record},
    {"audit", "audit?", "/number", [](TestApi& api, int n) { api.approved_programme("hue-a", numbered("Luật ", n)); }},
};

}  // namespace

TEST_CASE("what comes in between two pages makes no other appear twice or not at all") {
  for (const auto& list : kLists) {
    DYNAMIC_SECTION(list.name) {
      TestApi api;
      auto root = api.client("root");
      for (int n = 0; n < 5; ++n) list.add(api, n);
      const std::string path = std::string("/api/v1/") + list.path + (std::string_view(list.path).ends_with("?") ? "" : "&");
      const auto whole = items_of(root.get(path + "limit=200"), list.pointer);
      REQUIRE(whole.size() >= 5);
      std::map<std::string, int> seen;
      std::string cursor;
      int pages = 0;
      do {
        const auto page = root.get(path + "limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
        REQUIRE(page.status == 200);
        const auto items = items_of(page, list.pointer);
        REQUIRE(items.size() <= 2);
        for (const auto& item : items) ++seen[item];
        cursor = page.text("/next_cursor");
        REQUIRE(cursor.size() <= 200);
        api.clock.tick(std::chrono::milliseconds(1));
        if (pages < 4) list.add(api, 5 + pages);
        REQUIRE(++pages < 40);
      } while (!cursor.empty());
      for (const auto& item : whole) {
        INFO(item);
        CHECK(seen[item] == 1);
      }
    }
  }
}

TEST_CASE("a cursor is taken by its own list only") {
  TestApi api;
  auto root = api.client("root");
  add_broadcast(api, 0);
  const auto cursor = root.get("/api/v1/broadcasts?limit=1").text("/next_cursor");
  REQUIRE_FALSE(cursor.empty());
  CHECK(root.get("/api/v1/broadcasts?cursor=" + cursor).status == 200);
  CHECK(root.get("/api/v1/programmes?cursor=" + cursor).code() == "bad_parameter");
  for (const auto& wrong : {std::string("o50"), cursor + "A", cursor.substr(1), std::string(201, 'A'), std::string(),
                            to_cursor("broadcasts", {"12x", "b-x"}), to_cursor("broadcasts", {"12"}), to_cursor("broadcasts", {"12", "\x01"})}) {
    INFO(wrong);
    CHECK(root.get("/api/v1/broadcasts?cursor=" + wrong).code() == "bad_parameter");
  }
}

TEST_CASE("a search through many rows goes on over short pages") {
  const Page<std::int64_t> page{"numbers", 2, {}};
  std::vector<std::int64_t> numbers(3 * kMostScanned);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
  int looked_at = 0;
  const auto fetch = [&](const auto& after, int most) {
    const auto begin = numbers.begin() + (after ? std::get<0>(*after) + 1 : 0);
    const auto count = std::min<std::ptrdiff_t>(most, numbers.end() - begin);
    looked_at += static_cast<int>(count);
    return std::vector<std::int64_t>(begin, begin + count);
  };
  const auto last_only = [&](std::int64_t number) { return number == numbers.back(); };
  auto next = page;
  int found = 0, calls = 0;
  for (;;) {
    looked_at = 0;
    const auto answer = scanned_answer(next, fetch, last_only, [](std::int64_t n) { return std::tuple(n); },
                                       [](std::int64_t n) { return boost::json::object{{"n", n}}; });
    CHECK(looked_at <= kMostScanned);
    found += static_cast<int>(answer.at("items").as_array().size());
    REQUIRE(++calls < 10);
    const auto* cursor = answer.if_contains("next_cursor");
    if (!cursor) break;
    next.after = key_in<std::int64_t>("numbers", std::string(cursor->as_string()));
    REQUIRE(next.after);
  }
  CHECK(found == 1);
  CHECK(calls >= 3);
}

}  // namespace loa::api
