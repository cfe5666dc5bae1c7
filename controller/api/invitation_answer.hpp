#pragma once
#include <boost/json/object.hpp>
#include <string>

#include "controller/store/users.hpp"

namespace loa::api {

/// A one-time link as its maker hands it over; the token is told once and never again.
struct NewInvitation {
  std::string token;
  store::TimePoint expires;
};

/// Makes the one link of this user: 72 hours for a first password, 24 for another.
NewInvitation make_invitation(store::Transaction& transaction, const store::User& user);
boost::json::object invitation_answer(const NewInvitation& invitation);

}  // namespace loa::api
