#pragma once
#include <boost/json/array.hpp>

#include "controller/api/fields.hpp"
#include "scheduler/plan.hpp"

// Hours of a local day as requests and answers write them: "05:30", and "24:00" for its end.
namespace loa::api {

boost::json::string time_of_day(int minute);
/// The minute after midnight that the member says; a fault where it says none.
int read_minutes(Fields& fields, const char* name);

/// At most 24 entries `{from, to, volume}` that do not overlap, by their beginning; nothing where the member is absent.
std::optional<std::vector<scheduler::VolumeHours>> read_volume_by_hour(Fields& fields);
boost::json::array volume_by_hour(const std::vector<scheduler::VolumeHours>& hours);

}  // namespace loa::api
