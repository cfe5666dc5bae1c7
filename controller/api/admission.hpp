#pragma once
#include "controller/api/call.hpp"

namespace loa::api {

struct Settings;

/// Finds who asks, by session or token, and whether the route is for them at all; branches are the handlers' matter. Fills call.caller. On
/// the store thread.
std::optional<http::Problem> admit(Call& call, store::Session& db, const Settings& settings);

/// 401: there is no session, or none that counts any more.
http::Problem not_signed_in();

/// Whether the maker of a token may (still) give it: is active and an admin of its area.
bool may_give(store::Session& db, const store::User& maker, const std::string& area);

}  // namespace loa::api
