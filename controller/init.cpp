#include "controller/init.hpp"

#include <fmt/format.h>

#include <soci/soci.h>

#include <stdexcept>

#include "controller/api/password_strength.hpp"
#include "controller/api/passwords.hpp"
#include "controller/authority/certificates.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/open_offline.hpp"
#include "controller/store/users.hpp"
#include "protocol/clock.hpp"
#include "protocol/random_id.hpp"

namespace loa::controller {

namespace {

void make_first_rows(const Settings& settings, const FirstUse& first, store::TimePoint now) {
  const auto session = store::open_offline(settings.database_url());
  if (!store::list_users(*session).empty()) throw std::runtime_error("this controller has users already: init is for a new one");
  store::Transaction transaction(*session, store::system_actor(), now);
  store::Area area;
  area.id = first.area;
  area.name = first.area_name;
  area.kind = "province";
  if (!store::add_area(transaction, area))
    throw std::runtime_error(fmt::format("`{}` is not a new area id of the form [a-z0-9-]{{1,40}}", first.area));
  store::User user;
  user.id = protocol::random_id("u");
  user.login = first.login;
  user.name = first.login;
  user.password_hash = api::hash_password(first.password, {});
  user.created = now;
  if (!store::add_user(transaction, user)) throw std::runtime_error(fmt::format("the name `{}` is taken", first.login));
  store::set_grants(transaction, user.id, {{store::Role::admin, first.area}});
  transaction.commit();
}

}  // namespace

void init_controller(const Settings& settings, const FirstUse& first) {
  if (first.password.size() < api::kLeastPassword || first.password.size() > api::kMostPassword)
    throw std::runtime_error(fmt::format("the password must have {} to {} characters", api::kLeastPassword, api::kMostPassword));
  if (const auto weakness = api::weakness_of(first.password, {first.login})) throw std::runtime_error(*weakness);
  std::filesystem::create_directories(settings.state);
  std::filesystem::permissions(settings.state, std::filesystem::perms::owner_all);
  const auto now = protocol::SystemClock().now();
  const auto authority = authority::CertificateAuthority::open_or_create(settings.authority_folder(), now);
  authority::keep_server_certificate(settings.tls_folder(), "https", settings.hosts, authority, now);
  make_first_rows(settings, first, now);
}

}  // namespace loa::controller
