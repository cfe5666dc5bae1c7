#pragma once
#include <vector>

#include "controller/api/call.hpp"

// Which users are an admin's: those with a role in the admin's branches, and for who answers for the whole tree those without any.
namespace loa::api {

/// A user's grants as the caller's branches divide them.
struct SplitGrants {
  std::vector<store::Grant> within;
  std::vector<store::Grant> beyond;
};
SplitGrants split_grants(const StoreCall& call, const store::User& user);

struct FoundUser {
  store::User user;
  SplitGrants grants;
};
/// Every user of the caller's branches, by login.
std::vector<FoundUser> users_of(const StoreCall& call);
/// The user `{id}` of the path; 404 where it is none of the caller's.
http::Result<FoundUser> find_user_of(const StoreCall& call);
/// The same for what concerns the whole person (password, second factor, sessions): 403 where the user has roles beyond the caller's branches.
http::Result<FoundUser> find_whole_user(const StoreCall& call);
http::Problem not_whole();

}  // namespace loa::api
