#pragma once
#include <string>

#include "controller/settings.hpp"

namespace loa::controller {

/// `loa-controller migrate --to URL`: moves the store of these settings from SQLite to PostgreSQL, and says on standard output how far
/// it is and what to do next. Throws std::runtime_error with one sentence where it cannot; see store::move_store.
void migrate_store(const Settings& settings, const std::string& to);

}  // namespace loa::controller
