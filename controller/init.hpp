#pragma once
#include <string>

#include "controller/settings.hpp"

namespace loa::controller {

/// The first area and the first person of a new controller.
struct FirstUse {
  std::string area;       ///< id of the topmost area
  std::string area_name;
  std::string login;      ///< the administrator
  std::string password;   ///< 12 to 128 characters
};

/// `loa-controller init`: makes the state folder, the database with the topmost area and its administrator, and the certificate
/// authority with the HTTPS certificate. Throws std::runtime_error with one sentence where a part is there already or cannot be made.
void init_controller(const Settings& settings, const FirstUse& first);

}  // namespace loa::controller
