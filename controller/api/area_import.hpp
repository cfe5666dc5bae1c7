#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/problem.hpp"
#include "controller/store/areas.hpp"

namespace loa::api {

/// The areas in a CSV text (RFC 4180, UTF-8) with the header `code,name,kind,parent,lat,lon,km2,old_codes`, parents first. The row without
/// a parent gets `prefix` as its id, others `prefix-code`. Faults name line and column: all are given, at most 50.
http::Result<std::vector<store::Area>> read_area_csv(std::string_view text, const std::string& prefix);

}  // namespace loa::api
