#pragma once
#include <string>

#include "controller/settings.hpp"

namespace loa::controller {

/// What `loa-controller reset-officer` does for a person who cannot get in any more, and whom no other admin can help.
struct Rescue {
  std::string login;
  bool second_factor = false;  ///< take it away, for a lost phone
  std::string admin_of;        ///< area to make an admin of; empty: roles stay
};

/// Makes a one-time link to set a password, activates the account, and does what else `rescue` says; audited as done by `system`. Answers
/// the link. Throws std::runtime_error with one sentence where there is no such user or area, or while a controller serves the database.
std::string reset_officer(const Settings& settings, const Rescue& rescue);

}  // namespace loa::controller
