#pragma once
#include <boost/json/object.hpp>

#include "tools/loa/command.hpp"

namespace loa::tool {

/// What is asked for of the volumes of an area or a node.
struct VolumeOptions {
  std::int64_t volume = -1;        ///< below 0: left as it is
  std::int64_t alert_volume = -1;  ///< below 0: left as it is
  std::vector<std::string> hours;  ///< FROM-TO=PERCENT each
  bool no_hours = false;
};

void add_volume_options(CLI::App* command, VolumeOptions& options);
/// The settings that change; throws CommandError where nothing is asked for, or hours are not FROM-TO=PERCENT.
boost::json::object change_of(const VolumeOptions& options);
/// Writes the own settings of what is at `path` with these changed, as the API replaces them whole.
void change_settings(const Context& context, const std::string& path, const boost::json::object& change);

}  // namespace loa::tool
