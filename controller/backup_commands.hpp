#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "controller/settings.hpp"

namespace loa::controller {

/// Exit code of a backup that was made but lacks clips that the disk no longer gave whole.
inline constexpr int kExitIncomplete = 3;

/// `loa-controller backup TO`: TO is a new folder, `-` for a tar stream on standard output, or with `keep` the folder in which dated backups lie, of which
/// the newest `keep` stay. Notes in the state folder how it ended, which the running controller's alarms tell. 0 or kExitIncomplete; throws as recovery::backup_to_folder.
int backup_controller(const Settings& settings, const std::string& to, std::optional<int> keep);

/// `loa-controller restore FROM --state DIR`; says on standard output what to do next. Throws as recovery::restore.
void restore_controller(const std::string& from, const std::filesystem::path& state);

/// `loa-controller hold`: puts a controller that does not run on hold, where its database was brought back by other means.
void hold_controller(const Settings& settings, const std::string& reason);
/// `loa-controller resume`: ends the hold of a controller that does not run. Throws std::runtime_error where it runs or is not on hold.
void resume_controller(const Settings& settings);

}  // namespace loa::controller
