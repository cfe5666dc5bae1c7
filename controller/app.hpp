#pragma once
#include "controller/settings.hpp"
#include "protocol/formats.hpp"

namespace loa::controller {

/// Exit code of a controller whose events keep failing (EventFailures): EX_TEMPFAIL, the service manager starts it anew.
inline constexpr int kExitEventsFailing = 75;

/// Owns every part of the controller and runs it until SIGTERM or SIGINT, then answers 0, or until events keep failing. It writes
/// `formats`, the released ones where the caller names none. Throws where a part cannot be made (no keys, no database, port taken).
int run_app(const Settings& settings, protocol::Formats formats = {});

}  // namespace loa::controller
