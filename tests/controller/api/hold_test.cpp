#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <set>

#include "controller/store/alerts.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/random_id.hpp"
#include "tests/controller/api/fixture.hpp"
#include "tests/support/alert_row.hpp"

namespace loa::api {
namespace {

namespace json = boost::json;

json::value body_of(const tests::HttpAnswer& answer) {
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return json::parse(answer.body);
}

/// On hold, with an alert in force of the backup and what the broker had of the time since.
struct HeldApi : TestApi {
  std::string in_force, foreign = "l-" + std::string(26, 'f');

  explicit HeldApi(scheduler::AlertMessage on_broker = scheduler::AlertMessage::cancel) {
    const auto row = tests::flood_in("hue-a", clock.now());
    in_force = row.alert.id;
    write([&](store::Transaction& t) {
      tests::put_in_force(t, row);
      store::begin_recovery_hold(t, "restored from a backup", clock.now() - std::chrono::hours(20));
      store::add_hold_note(t, {"revoked_node", "n-gone", "PX-9: its certificate is revoked"});
    });
    auto seen = row.alert;
    seen.sent = clock.now();
    seen.expires = clock.now() + std::chrono::hours(1);
    seen.message = on_broker;
    seen.revision = on_broker == scheduler::AlertMessage::cancel ? 2 : 1;
    auto unknown = seen;
    unknown.id = foreign;
    unknown.message = scheduler::AlertMessage::alert;
    unknown.revision = 1;
    found = {3, 5, true, {}, {seen, unknown}};
    const auto tomorrow = clock.now() + std::chrono::hours(24);
    found.occurrences = {{"b-new@1", "b-new", "p-new", "Sau bản sao", scheduler::Class::normal, tomorrow, "hue-a", 2},
                         {broadcast + "@1", broadcast, programme, "Luật", scheduler::Class::normal, tomorrow, "hue-a", 2},
                         {"b-past@1", "b-past", "p-new", "Đã qua", scheduler::Class::normal, clock.now() - std::chrono::hours(1), "hue-a", 2}};
  }
};

}  // namespace

TEST_CASE("a controller that is not on hold says so, and has no hold to end") {
  TestApi api;
  CHECK(body_of(api.client("author").get("/api/v1/hold")) == json::parse(R"({"on_hold":false})"));
  CHECK(api.client("root").post("/api/v1/hold/end").code() == "not_on_hold");
  CHECK(api.client("approver").post("/api/v1/hold/alerts/" + api.alert + "/keep").code() == "not_on_hold");
  CHECK(api.calls.holds_ended == 0);
}

TEST_CASE("on hold each reads what was found for their branch") {
  HeldApi api;
  const auto hold = body_of(api.client("root").get("/api/v1/hold"));
  CHECK(hold.at("on_hold") == true);
  CHECK(hold.at("key_set") == json::parse(R"({"number":3,"seen":5})"));
  REQUIRE(hold.at("alerts").as_array().size() == 2);
  const auto& known = hold.at("alerts").at(0);
  CHECK(known.at("id") == json::value(api.in_force));
  CHECK(known.at("known") == true);
  CHECK(known.at("kept") == false);
  CHECK(known.at("broker") == "cancelled");
  CHECK(hold.at("alerts").at(1).at("known") == false);
  REQUIRE(hold.at("occurrences").as_array().size() == 1);
  CHECK(hold.at("occurrences").at(0).at("broadcast") == "b-new");
  std::set<std::string> notes;
  for (const auto& note : hold.at("notes").as_array()) notes.insert(json::value_to<std::string>(note.at("kind")));
  CHECK(notes == std::set<std::string>{"accounts", "revoked_node", "revoked_token"});

  const auto strangers = body_of(api.client("stranger").get("/api/v1/hold"));
  CHECK(strangers.at("on_hold") == true);
  for (const auto* list : {"alerts", "occurrences", "notes"}) CHECK(strangers.at(list).as_array().empty());
  CHECK(body_of(api.client("admin").get("/api/v1/hold")).at("notes").as_array().empty());
  CHECK(api.anyone().get("/api/v1/hold").status == 401);
}

TEST_CASE("what only makes sense when it reaches nodes at once is refused during a hold") {
  HeldApi api;
  auto approver = api.client("approver");
  const auto id = protocol::random_id("l");
  CHECK(approver.post("/api/v1/alerts/" + api.alert + "/confirm", R"({"confirmation_token":"known token"})").code() == "on_hold");
  CHECK(approver.post("/api/v1/alerts", R"({"area":"hue-a","status":"actual","event":"flood","title":"x","stock_clip":"flood","minutes":30})").code() == "on_hold");
  CHECK(approver.post("/api/v1/nodes/" + api.node + "/orders", R"({"kind":"stop"})").code() == "on_hold");
  CHECK(approver.post("/api/v1/areas/hue-a/stop").code() == "on_hold");
  CHECK(api.calls.orders.empty());
  CHECK(api.calls.alerts.empty());
}

TEST_CASE("an approver of its area keeps an alert; the others end with the hold") {
  HeldApi api;
  const auto path = "/api/v1/hold/alerts/" + api.in_force + "/keep";
  CHECK(api.client("author").post(path).code() == "forbidden");
  CHECK(api.client("stranger").post(path).status == 404);
  CHECK(api.client("approver").post("/api/v1/hold/alerts/l-none/keep").status == 404);
  CHECK(body_of(api.client("approver").post(path)).at("alerts").at(0).at("kept") == true);
  CHECK(body_of(api.client("approver").get("/api/v1/alerts/" + api.in_force)).at("revision") == 3);  // the broker said its end as 2

  CHECK(api.client("approver").post("/api/v1/hold/end").code() == "forbidden");
  CHECK(api.client("admin").post("/api/v1/hold/end").code() == "forbidden");
  CHECK(body_of(api.client("root").post("/api/v1/hold/end")).at("on_hold") == false);
  CHECK(api.eventually([&] { return api.calls.holds_ended == 1; }));
  CHECK(body_of(api.client("approver").get("/api/v1/alerts/" + api.in_force)).at("state") == "active");
}

TEST_CASE("an alert of the backup that nobody keeps is cancelled when the hold ends") {
  HeldApi api(scheduler::AlertMessage::alert);
  body_of(api.client("root").post("/api/v1/hold/end"));
  const auto ended = body_of(api.client("approver").get("/api/v1/alerts/" + api.in_force));
  CHECK(ended.at("state") == "cancelled");
  CHECK(api.client("approver").get("/api/v1/alerts/" + api.foreign).status == 404);
  CHECK(api.client("root").post("/api/v1/hold/end").code() == "not_on_hold");
}

TEST_CASE("an alert that only the broker knows becomes known when an approver keeps it") {
  HeldApi api(scheduler::AlertMessage::alert);
  body_of(api.client("approver").post("/api/v1/hold/alerts/" + api.foreign + "/keep"));
  body_of(api.client("approver").post("/api/v1/hold/alerts/" + api.foreign + "/keep"));
  body_of(api.client("root").post("/api/v1/hold/end"));
  const auto adopted = body_of(api.client("approver").get("/api/v1/alerts/" + api.foreign));
  CHECK(adopted.at("state") == "active");
  CHECK(adopted.at("revision") == 1);
  CHECK(adopted.at("title") == "Lũ");
}

}  // namespace loa::api
