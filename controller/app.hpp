#pragma once
#include "controller/settings.hpp"

namespace loa::controller {

/// Owns every part of the controller and runs it until SIGTERM or SIGINT; answers the exit code. Throws where a part cannot
/// be made (no keys, no database, port taken).
int run_app(const Settings& settings);

}  // namespace loa::controller
