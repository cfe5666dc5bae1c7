#include "controller/api/user_branch.hpp"

#include "controller/store/areas.hpp"

namespace loa::api {
namespace {

bool is_of(const FoundUser& found, bool root) { return !found.grants.within.empty() || (root && found.user.grants.empty()); }

}  // namespace

SplitGrants split_grants(const StoreCall& call, const store::User& user) {
  SplitGrants grants;
  const auto roots = call.call.roots();
  for (const auto& one : user.grants)
    (store::is_within(call.db, one.area, roots) ? grants.within : grants.beyond).push_back(one);
  return grants;
}

std::vector<FoundUser> users_of(const StoreCall& call) {
  const bool root = holds_a_root(call);
  std::vector<FoundUser> users;
  for (auto& user : store::list_users(call.db)) {
    auto grants = split_grants(call, user);
    FoundUser found{std::move(user), std::move(grants)};
    if (is_of(found, root)) users.push_back(std::move(found));
  }
  return users;
}

http::Result<FoundUser> find_user_of(const StoreCall& call) {
  auto user = store::find_user(call.db, call.call.parameter("id"));
  if (!user) return not_found("such user");
  auto grants = split_grants(call, *user);
  FoundUser found{std::move(*user), std::move(grants)};
  if (!is_of(found, holds_a_root(call))) return not_found("such user");
  return found;
}

http::Problem not_whole() {
  return {403, "forbidden", "This user has roles outside your areas; you may change only the grants within.", {}};
}

http::Result<FoundUser> find_whole_user(const StoreCall& call) {
  auto found = find_user_of(call);
  if (found.has_value() && !found->grants.beyond.empty()) return not_whole();
  return found;
}

}  // namespace loa::api
