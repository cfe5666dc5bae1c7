#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/user_sessions.hpp"
#include "controller/store/users.hpp"

namespace loa::api {

/// What a route asks of the caller; all but the first two are held for branches of the area tree.
enum class Right {
  anyone,
  signed_in,
  see,
  write_programmes,
  approve_programmes,
  schedule,
  allow_plain_http,  ///< counts only with the root of the tree: it is the province's
  control_nodes,
  raise_alerts,
  see_audit,
  administer
};
const char* name_of(Right right);

/// The rights that are held for branches, in the order that the API lists them.
inline constexpr std::array kBranchRights = {
    Right::see,           Right::write_programmes, Right::approve_programmes, Right::schedule, Right::allow_plain_http,
    Right::control_nodes, Right::raise_alerts,     Right::see_audit,          Right::administer};

/// Whether `role` gives `right` in its branch.
bool gives(store::Role role, Right right);

/// The areas for which these grants give `right`; each counts for everything below it.
std::vector<std::string> roots_of(const std::vector<store::Grant>& grants, Right right);

/// Who asks, as found by the session's cookie.
struct Caller {
  store::User user;
  store::UserSession session;
  bool second_factor = false;           ///< has one that counts
  bool second_factor_required = false;  ///< some role of the user's needs one
};

}  // namespace loa::api
