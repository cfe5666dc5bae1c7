#include "controller/reset_officer.hpp"

#include <soci/soci.h>

#include <catch2/catch.hpp>

#include "controller/init.hpp"
#include "controller/store/database_url.hpp"
#include "controller/store/hold.hpp"
#include "controller/store/invitations.hpp"
#include "controller/store/second_factors.hpp"
#include "controller/store/users.hpp"
#include "protocol/clock.hpp"
#include "protocol/hash.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using controller::reset_officer;

namespace {

struct Office {
  Office() {
    settings.state = folder / "state";
    settings.hosts = {"localhost"};
    settings.files = {"https://loa.example:8443"};
    controller::init_controller(settings, {"hue", "Thành phố Huế", "lan", "a good long password"});
  }
  std::unique_ptr<store::Session> open() const { return store::open_session(settings.database_url()); }
  tests::TempFolder folder;
  controller::Settings settings;
};

}  // namespace

TEST_CASE("the only admin, whose phone is lost, gets in again by a link made at the machine") {
  const Office office;
  {
    const auto session = office.open();
    const auto user = *store::find_user_by_login(*session, "lan");
    store::Transaction transaction(*session, store::system_actor(), protocol::SystemClock().now());
    store::begin_second_factor(transaction, user.id, "sealed");
    store::confirm_second_factor(transaction, user.id, 1, {});
    auto off = user;
    off.disabled = true;
    store::update_user(transaction, off);
    transaction.commit();
  }
  const auto link = reset_officer(office.settings, {"lan", true, ""});
  const std::string start = "https://loa.example:8443/#/invitation/";
  REQUIRE(link.starts_with(start));
  const auto session = office.open();
  const auto user = *store::find_user_by_login(*session, "lan");
  CHECK_FALSE(user.disabled);
  CHECK_FALSE(store::has_second_factor(*session, user.id));
  CHECK(store::find_invitation(*session, protocol::sha256_hex(link.substr(start.size())), protocol::SystemClock().now()));
}

TEST_CASE("a person is made an admin at the machine, and what cannot be is said") {
  const Office office;
  CHECK_THROWS_WITH(reset_officer(office.settings, {"mai", false, ""}), "there is no user `mai`");
  CHECK_THROWS_WITH(reset_officer(office.settings, {"lan", false, "nowhere"}), "there is no area `nowhere`");
  {
    const auto session = office.open();
    store::Transaction transaction(*session, store::system_actor(), protocol::SystemClock().now());
    store::set_grants(transaction, store::find_user_by_login(*session, "lan")->id, {});
    transaction.commit();
  }
  reset_officer(office.settings, {"lan", false, "hue"});
  const auto session = office.open();
  CHECK(store::find_user_by_login(*session, "lan")->grants == std::vector<store::Grant>{{store::Role::admin, "hue"}});
  const store::Hold hold(*session, store::parse_database_url(office.settings.database_url()));
  CHECK_THROWS_WITH(reset_officer(office.settings, {"lan", false, ""}), Catch::Contains("another controller uses"));
}

TEST_CASE("a new controller takes no weak first password") {
  const tests::TempFolder folder;
  controller::Settings settings;
  settings.state = folder / "state";
  CHECK_THROWS_WITH(controller::init_controller(settings, {"hue", "Huế", "lan", "short"}), Catch::Contains("12 to 128"));
  CHECK_THROWS_WITH(controller::init_controller(settings, {"hue", "Huế", "lan", "password1234"}), Catch::Contains("first that are guessed"));
  CHECK_FALSE(std::filesystem::exists(settings.state));
}
