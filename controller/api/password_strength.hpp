#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/http/problem.hpp"

namespace loa::api {

/// Why this password would be guessed soon, or nothing: an estimate by zxcvbn, which knows the passwords that leaked most, words, names,
/// dates and rows of keys, of fewer than 2^27 guesses. `about` are words close to its owner (user name, display name). A few ms: not on the loop.
std::optional<std::string> weakness_of(const std::string& password, const std::vector<std::string>& about);

/// The same as what an answer says at `pointer`.
std::optional<http::Problem> check_password(const std::string& password, const std::vector<std::string>& about, const std::string& pointer);

}  // namespace loa::api
