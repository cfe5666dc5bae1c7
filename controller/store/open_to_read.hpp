#pragma once
#include <memory>
#include <string>

#include "controller/store/session.hpp"

namespace loa::store {

/// Opens the database of this URL to read it as it is: makes and changes nothing, and may be used beside a running controller. Throws
/// std::runtime_error with the place and reason where there is none, or where its schema is of another version.
std::unique_ptr<Session> open_to_read(const std::string& url);

}  // namespace loa::store
