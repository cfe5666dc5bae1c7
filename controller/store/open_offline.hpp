#pragma once
#include <memory>
#include <string>

#include "controller/store/session.hpp"

namespace loa::store {

/// As open_session, for a program that does not serve the database but works on it while no controller does. Where a controller that was killed left
/// its write-ahead log, this takes the log over and leaves an empty one in its place, so that the controller's next start does not believe
/// that what was written last is gone; where the log is gone, it stays gone.
std::unique_ptr<Session> open_offline(const std::string& url);

/// Has the SQLite file of this session, which is opened for the first time after `had_log` was looked up, leave an empty write-ahead log when it closes,
/// where there was one. Inside the store only.
void leave_log(Session& session, bool had_log);
/// Whether a write-ahead log stands beside this SQLite file.
bool has_log(const std::string& file);

}  // namespace loa::store
