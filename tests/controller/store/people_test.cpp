#include <catch2/catch.hpp>
#include <map>

#include "controller/store/api_tokens.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/invitations.hpp"
#include "controller/store/known_devices.hpp"
#include "controller/store/recovery_hold.hpp"
#include "controller/store/second_factors.hpp"
#include "controller/store/user_sessions.hpp"
#include "controller/store/users.hpp"
#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
using namespace std::chrono_literals;

namespace {

struct Staff : Province {
  Staff() {
    for (const auto* id : {"u-lan", "u-mai"}) {
      User user;
      user.id = id;
      user.login = user.id.substr(2);
      user.password_hash = "hash";
      user.grants = {{Role::author, "hue-19753"}};
      write([&](Transaction& t) { return add_user(t, user); });
    }
  }
  UserSession begin(const std::string& id, const std::string& user = "u-lan") {
    const auto now = clock.now();
    const UserSession made{id, "token " + id, user, now, now + 12h, now, now, "10.0.0.1", "Firefox"};
    write([&](Transaction& t) { add_user_session(t, made); });
    return made;
  }
  bool counts(const std::string& id) { return find_user_session(*session, "token " + id, clock.now(), 30min).has_value(); }
};

}  // namespace

TEST_CASE("a session counts until it is old, unused, or ended") {
  Staff staff;
  staff.begin("s-1");
  staff.begin("s-2");
  staff.begin("s-3", "u-mai");
  CHECK(list_user_sessions(*staff.session, "u-lan", staff.clock.now(), 30min).size() == 2);
  staff.clock.tick(20min);
  staff.write([](Transaction& t) { touch_user_session(t, "s-1"); });
  staff.clock.tick(20min);
  CHECK(staff.counts("s-1"));
  CHECK_FALSE(staff.counts("s-2"));
  staff.write([](Transaction& t) { prune_user_sessions(t, 30min); });
  CHECK(list_user_sessions(*staff.session, "u-lan", staff.clock.now(), 24h).size() == 1);
  CHECK_FALSE(staff.write([](Transaction& t) { return end_user_session(t, "u-mai", "s-1"); }));
  CHECK(staff.counts("s-1"));
  CHECK(staff.write([](Transaction& t) { return end_user_session(t, "u-lan", "s-1"); }));
  CHECK_FALSE(staff.counts("s-1"));
}

TEST_CASE("ending sessions may spare one") {
  Staff staff;
  for (const auto* id : {"s-1", "s-2", "s-3"}) staff.begin(id);
  staff.begin("s-4", "u-mai");
  CHECK(staff.write([](Transaction& t) { return end_user_sessions(t, "u-lan", "s-2"); }) == 2);
  CHECK(staff.counts("s-2"));
  CHECK(staff.counts("s-4"));
  CHECK(staff.write([](Transaction& t) { return end_user_sessions(t, "u-lan"); }) == 1);
  CHECK_FALSE(staff.counts("s-2"));
}

TEST_CASE("a database that was brought back lets nobody in by what counted at its time") {
  Staff staff;
  staff.begin("s-1");
  staff.write([&](Transaction& t) {
    note_known_device(t, "u-lan", "phone");
    put_invitation(t, {"u-mai", "link", "u-admin", t.now(), t.now() + 24h});
  });
  const auto token = [&](const std::string& id, TimePoint expires) {
    ApiToken made;
    made.id = id;
    made.token_hash = "hash of " + id;
    made.name = "Báo cáo";
    made.area = "hue-19753";
    made.scopes = {"read"};
    made.creator = "u-mai";
    made.created = staff.clock.now();
    made.expires = expires;
    staff.write([&](Transaction& t) { add_api_token(t, made); });
  };
  token("t-live", staff.clock.now() + 24h);
  token("t-over", staff.clock.now() - 1h);
  token("t-revoked", staff.clock.now() + 24h);
  staff.write([&](Transaction& t) {
    REQUIRE(revoke_api_token(t, "t-revoked"));
    set_recovery_codes(t, "u-lan", {"code 1", "code 2", "code 3"});
    REQUIRE(use_recovery_code(t, "u-lan", "code 3"));
  });
  staff.write([](Transaction& t) { return begin_recovery_hold(t, "restored from a backup", t.now()); });
  CHECK(find_api_token(*staff.session, "t-live")->revoked);
  CHECK(recovery_codes_left(*staff.session, "u-lan") == 0);
  CHECK_FALSE(staff.write([](Transaction& t) { return use_recovery_code(t, "u-lan", "code 1"); }));
  std::map<std::string, std::string> notes;
  for (const auto& note : list_hold_notes(*staff.session)) notes[note.kind + " " + note.id] = note.detail;
  CHECK(notes.size() == 3);
  CHECK_THAT(notes["revoked_token t-live"], Catch::Contains("\"Báo cáo\", of hue-19753"));
  CHECK_THAT(notes["recovery_codes u-lan"], Catch::Contains("2 recovery codes of lan count no more"));
  CHECK_THAT(notes["accounts all"], Catch::Contains("2 accounts are as they were"));
  CHECK_FALSE(staff.counts("s-1"));
  CHECK_FALSE(is_known_device(*staff.session, "u-lan", "phone", staff.clock.now()));
  CHECK_FALSE(find_invitation(*staff.session, "link", staff.clock.now()));
}

TEST_CASE("other roles end sessions, the same roles in another order do not") {
  Staff staff;
  const std::vector<Grant> two{{Role::author, "hue-19753"}, {Role::monitor, "hue"}};
  staff.write([&](Transaction& t) { return set_grants(t, "u-lan", two); });
  staff.begin("s-1");
  staff.write([&](Transaction& t) { return set_grants(t, "u-lan", {two[1], two[0]}); });
  CHECK(staff.counts("s-1"));
  staff.write([&](Transaction& t) { return set_grants(t, "u-lan", {two[0]}); });
  CHECK_FALSE(staff.counts("s-1"));
}

TEST_CASE("a device is known for whom it was used, for a while, and not by too many") {
  Staff staff;
  staff.write([](Transaction& t) { note_known_device(t, "u-lan", "phone"); });
  CHECK(is_known_device(*staff.session, "u-lan", "phone", staff.clock.now()));
  CHECK_FALSE(is_known_device(*staff.session, "u-mai", "phone", staff.clock.now()));
  staff.write([](Transaction& t) { note_known_device(t, "u-mai", "phone"); });
  CHECK(is_known_device(*staff.session, "u-lan", "phone", staff.clock.now()));
  CHECK_FALSE(is_known_device(*staff.session, "u-lan", "phone", staff.clock.now() + kKnownDeviceLasts));
  for (int i = 0; i < kMostKnownDevices; ++i) {
    staff.clock.tick(1s);
    staff.write([&](Transaction& t) { note_known_device(t, "u-lan", "device " + std::to_string(i)); });
  }
  CHECK_FALSE(is_known_device(*staff.session, "u-lan", "phone", staff.clock.now()));
  CHECK(is_known_device(*staff.session, "u-lan", "device 0", staff.clock.now()));
  auto lan = *find_user(*staff.session, "u-lan");
  lan.password_hash = "other";
  staff.write([&](Transaction& t) { return update_user(t, lan); });
  CHECK_FALSE(is_known_device(*staff.session, "u-lan", "device 0", staff.clock.now()));
}

TEST_CASE("an invitation sets the password once, and the newest counts alone") {
  Staff staff;
  staff.begin("s-1");
  const auto until = staff.clock.now() + 24h;
  staff.write([&](Transaction& t) { put_invitation(t, {"u-lan", "first", "u-admin", t.now(), until}); });
  staff.write([&](Transaction& t) { put_invitation(t, {"u-lan", "second", "u-admin", t.now(), until}); });
  CHECK(invited_until(*staff.session, "u-lan", staff.clock.now()) == until);
  CHECK_FALSE(invited_until(*staff.session, "u-lan", until));
  CHECK_FALSE(find_invitation(*staff.session, "second", until));
  CHECK_FALSE(staff.write([](Transaction& t) { return redeem_invitation(t, "first", "new hash"); }));
  CHECK(staff.counts("s-1"));
  CHECK(staff.write([](Transaction& t) { return redeem_invitation(t, "second", "new hash"); }));
  CHECK_FALSE(staff.write([](Transaction& t) { return redeem_invitation(t, "second", "newer hash"); }));
  CHECK(find_user(*staff.session, "u-lan")->password_hash == "new hash");
  CHECK_FALSE(staff.counts("s-1"));
}

TEST_CASE("a second factor counts once it is confirmed, and its steps only rise") {
  Staff staff;
  auto& session = *staff.session;
  staff.write([](Transaction& t) { begin_second_factor(t, "u-lan", "sealed one"); });
  CHECK_FALSE(has_second_factor(session, "u-lan"));
  CHECK_FALSE(staff.write([](Transaction& t) { return confirm_second_factor(t, "u-mai", 100, {}); }));
  CHECK(staff.write([](Transaction& t) { return confirm_second_factor(t, "u-lan", 100, {"a", "b"}); }));
  CHECK_FALSE(staff.write([](Transaction& t) { return confirm_second_factor(t, "u-lan", 101, {"c"}); }));
  CHECK(has_second_factor(session, "u-lan"));
  CHECK_FALSE(has_second_factor(session, "u-mai"));
  CHECK_FALSE(staff.write([](Transaction& t) { return use_step(t, "u-lan", 100); }));
  CHECK_FALSE(staff.write([](Transaction& t) { return use_step(t, "u-lan", 99); }));
  CHECK(staff.write([](Transaction& t) { return use_step(t, "u-lan", 101); }));
  CHECK_FALSE(staff.write([](Transaction& t) { return use_step(t, "u-lan", 101); }));

  staff.write([](Transaction& t) { begin_second_factor(t, "u-lan", "sealed two"); });
  CHECK(find_second_factor(session, "u-lan")->secret == "sealed one");
  staff.clock.tick(15min);
  CHECK_FALSE(staff.write([](Transaction& t) { return confirm_second_factor(t, "u-lan", 200, {}); }));
  CHECK(find_second_factor(session, "u-lan")->secret == "sealed one");

  CHECK(recovery_codes_left(session, "u-lan") == 2);
  CHECK_FALSE(staff.write([](Transaction& t) { return use_recovery_code(t, "u-mai", "a"); }));
  CHECK(staff.write([](Transaction& t) { return use_recovery_code(t, "u-lan", "a"); }));
  CHECK_FALSE(staff.write([](Transaction& t) { return use_recovery_code(t, "u-lan", "a"); }));
  CHECK(recovery_codes_left(session, "u-lan") == 1);

  staff.begin("s-1");
  staff.begin("s-2");
  CHECK(staff.write([](Transaction& t) { return remove_second_factor(t, "u-lan", "s-1"); }));
  CHECK(staff.counts("s-1"));
  CHECK_FALSE(staff.counts("s-2"));
  CHECK_FALSE(staff.write([](Transaction& t) { return remove_second_factor(t, "u-lan"); }));
  CHECK(recovery_codes_left(session, "u-lan") == 0);
}
