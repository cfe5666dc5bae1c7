#pragma once
#include <optional>
#include <string>

#include "controller/api/attempts.hpp"
#include "controller/api/routes.hpp"
#include "controller/api/worker.hpp"

// How a person proves to be who they are: by password, and by a code of the second factor. Each proof is paced (see Attempts).
namespace loa::api {

/// Who is to prove it, from where, when.
struct Claim {
  store::User user;
  AttemptSource from;
  store::TimePoint now;
};

http::Response too_many(scheduler::Millis wait);

/// Whether the password is the one of this hash, on the worker's thread; an empty hash takes as long. Not paced.
boost::asio::awaitable<bool> verify_password(Api& api, std::string password, std::string hash, WorkFor whom);

/// The audit row of a wrong password, or of a wrong code of a second factor that is being set up, by somebody who is signed in.
boost::asio::awaitable<void> note_failed_proof(Api& api, Claim claim);

/// Takes a code of the user's second factor, or a recovery code: each once. Nothing where it was right, or why not.
boost::asio::awaitable<std::optional<http::Response>> prove_by_code(Api& api, Claim claim, std::string code);
/// The same for the password of somebody who is signed in.
boost::asio::awaitable<std::optional<http::Response>> prove_by_password(Api& api, Claim claim, std::string password, std::string pointer);

/// A claim of the caller: guesses within a session count by the session alone.
Claim claim_of(const Call& call);

}  // namespace loa::api
