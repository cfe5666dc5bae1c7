#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/store/audit_chain.hpp"
#include "tests/controller/api/fixture.hpp"

namespace loa::api {

TEST_CASE("the audit log is read by who, what, when and what it says, page by page") {
  TestApi api;
  auto root = api.client("root");
  const auto start = root.post("/api/v1/programmes", "{}").status;  // refused: leaves no row
  CHECK(start == 403);
  auto author = api.client("author");
  api.clock.tick(std::chrono::minutes(1));
  for (int i = 0; i < 5; ++i)
    REQUIRE(author.post("/api/v1/programmes", R"({"title":"Bản tin )" + std::to_string(i) + R"(","area":"hue-a"})").status == 201);
  const auto count = [&](const std::string& query) { return root.get("/api/v1/audit?limit=200&" + query).json().at("items").get_array().size(); };
  CHECK(count("user=author&subject=programme&action=add") == 5);
  CHECK(count("user=" + api.user_author + "&subject=programme&action=add") == 5);
  CHECK(count("user=nobody") == 0);
  CHECK(count("from=2026-11-25T01:01:00Z") == 5);
  CHECK(count("from=2026-11-25T01:01:00Z&to=2026-11-25T01:01:00Z") == 0);
  CHECK(count("subject=programme&q=" + api.draft) == 1);
  CHECK(count("q=kh%C3%B4ng+c%C3%B3") == 0);
  CHECK(root.get("/api/v1/audit?from=yesterday").code() == "bad_parameter");

  std::vector<std::int64_t> numbers;
  std::string cursor;
  do {
    const auto page = root.get("/api/v1/audit?limit=3" + cursor);
    const auto body = page.json();
    for (const auto& item : body.at("items").get_array()) numbers.push_back(item.at("number").to_number<std::int64_t>());
    const auto next = page.text("/next_cursor");
    cursor = next.empty() ? "" : "&cursor=" + next;
  } while (!cursor.empty());
  REQUIRE(numbers.size() > 20);
  for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == static_cast<std::int64_t>(numbers.size() - i));
}

TEST_CASE("whoever answers for the whole tree can check the chain from what the API says") {
  TestApi api;
  auto root = api.client("root");
  api.clock.tick(std::chrono::milliseconds(7));
  root.post("/api/v1/areas", R"({"id":"hue-c","name":"Xã \"C\"","kind":"commune","parent":"hue"})");
  const auto page = root.get("/api/v1/audit?limit=200").json();
  store::AuditFollower follower;
  for (const auto& item : page.at("items").get_array()) {
    const auto text = [&](const char* name) {
      const auto* found = item.get_object().if_contains(name);
      return found ? std::string(found->get_string()) : std::string();
    };
    store::AuditRow row{item.at("number").to_number<std::int64_t>(), *scheduler::parse_rfc3339(text("at")), text("user"), text("address"), text("action"),
                        text("subject"), text("id"), text("area"), text("detail"), text("previous_hash"), text("hash")};
    follower.take(row);
  }
  const auto check = follower.finish();
  INFO((check.fault ? check.fault->what : ""));
  CHECK_FALSE(check.fault);
  CHECK(check.rows > 15);
}

}  // namespace loa::api
