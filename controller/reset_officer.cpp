#include "controller/reset_officer.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

#include <algorithm>
#include <stdexcept>

#include "controller/api/invitation_answer.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/database_url.hpp"
#include "controller/store/hold.hpp"
#include "controller/store/open_offline.hpp"
#include "controller/store/second_factors.hpp"
#include "controller/store/users.hpp"
#include "protocol/clock.hpp"

namespace loa::controller {

namespace {

store::User find(store::Session& session, const std::string& login) {
  auto user = store::find_user_by_login(session, login);
  if (!user) throw std::runtime_error(fmt::format("there is no user `{}`", login));
  return *user;
}

void make_admin(store::Transaction& transaction, const store::User& user, const std::string& area) {
  if (!store::find_area(transaction.session(), area)) throw std::runtime_error(fmt::format("there is no area `{}`", area));
  auto grants = user.grants;
  const store::Grant admin{store::Role::admin, area};
  if (std::find(grants.begin(), grants.end(), admin) == grants.end()) grants.push_back(admin);
  store::set_grants(transaction, user.id, grants);
}

}  // namespace

std::string reset_officer(const Settings& settings, const Rescue& rescue) {
  const auto session = store::open_offline(settings.database_url());
  const store::Hold hold(*session, store::parse_database_url(settings.database_url()));
  auto user = find(*session, rescue.login);
  store::Transaction transaction(*session, store::system_actor(), protocol::SystemClock().now());
  if (user.disabled) {
    user.disabled = false;
    store::update_user(transaction, user);
  }
  if (!rescue.admin_of.empty()) make_admin(transaction, user, rescue.admin_of);
  if (rescue.second_factor) store::remove_second_factor(transaction, user.id);
  const auto invitation = api::make_invitation(transaction, user);
  transaction.commit();
  return fmt::format("{}/#/invitation/{}", settings.files.front(), invitation.token);
}

}  // namespace loa::controller
