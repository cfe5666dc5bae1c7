#include <catch2/catch.hpp>

#include "controller/store/alerts.hpp"
#include "controller/store/known_devices.hpp"
#include "controller/store/recovery_hold.hpp"
#include "controller/store/users.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/alert_row.hpp"

using namespace loa::store;
using namespace std::chrono_literals;

namespace {

struct Held : Province {
  std::int64_t begin(const std::string& reason) {
    return write([&](Transaction& t) { return begin_recovery_hold(t, reason, t.now() - 10h); });
  }
  void confirm(const std::string& id) {
    auto row = loa::tests::flood_in("hue-19753", clock.now(), id);
    row.lasts = 24h;
    write([&](Transaction& t) { loa::tests::put_in_force(t, row); });
  }
};

}  // namespace

TEST_CASE("a backup that was made during a hold begins a new one when it is brought back") {
  Held held;
  held.confirm("l-one");
  const auto first = held.begin("restored from a backup");
  held.write([](Transaction& t) {
    REQUIRE(keep_alert(t, "l-one", 0));
    add_hold_note(t, {"revoked_node", "n-gone", ""});
    add_hold_note(t, {"no_broker_files", "/etc/loa/broker", ""});
    User user;
    user.id = "u-lan";
    user.login = user.name = "lan";
    user.password_hash = "$argon2id$";
    REQUIRE(add_user(t, user));
    note_known_device(t, "u-lan", "phone");
  });
  held.clock.tick(48h);
  const auto second = held.begin("restored once more");
  CHECK(second > first);
  const auto open = find_recovery_hold(*held.session);
  REQUIRE(open);
  CHECK(open->number == second);
  CHECK(open->reason == "restored once more");
  CHECK(open->begun == held.clock.now());
  CHECK(open->backup_made == held.clock.now() - 10h);
  // What let people in at its time counts no more, and what was kept must be kept again.
  CHECK_FALSE(is_known_device(*held.session, "u-lan", "phone", held.clock.now()));
  CHECK(list_kept_alerts(*held.session).empty());
  const auto notes = list_hold_notes(*held.session);
  CHECK(std::any_of(notes.begin(), notes.end(), [](const auto& note) { return note.kind == "revoked_node" && note.id == "n-gone"; }));
  CHECK(std::none_of(notes.begin(), notes.end(), [](const auto& note) { return note.kind == "no_broker_files"; }));

  held.write([](Transaction& t) { REQUIRE(end_recovery_hold(t)); });
  CHECK_FALSE(find_recovery_hold(*held.session));
}

TEST_CASE("an alert that was kept in the hold of a backup ends with the next one unless it is kept again") {
  const bool again = GENERATE(false, true);
  CAPTURE(again);
  Held held;
  held.confirm("l-one");
  held.begin("restored from a backup");
  held.write([](Transaction& t) { REQUIRE(keep_alert(t, "l-one", 0)); });
  held.begin("restored once more");
  if (again) held.write([](Transaction& t) { REQUIRE(keep_alert(t, "l-one", 0)); });
  held.write([](Transaction& t) { REQUIRE(end_recovery_hold(t)); });
  CHECK(find_alert(*held.session, "l-one")->cancelled.has_value() == !again);
}

TEST_CASE("a hold is finished when everything was signed anew after its end") {
  Held held;
  CHECK_FALSE(find_unfinished_hold(*held.session));
  const auto number = held.begin("restored from a backup");
  CHECK_FALSE(find_unfinished_hold(*held.session));
  held.write([](Transaction& t) { REQUIRE(end_recovery_hold(t)); });
  REQUIRE(find_unfinished_hold(*held.session));
  CHECK(find_unfinished_hold(*held.session)->number == number);
  held.write([&](Transaction& t) { finish_recovery_hold(t, number); });
  CHECK_FALSE(find_unfinished_hold(*held.session));
}
