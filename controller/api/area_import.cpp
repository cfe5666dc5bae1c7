#include "controller/api/area_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "controller/api/area_answers.hpp"
#include "controller/api/csv.hpp"
#include "controller/api/handlers.hpp"

namespace loa::api {
namespace {

constexpr std::string_view kColumns[] = {"code", "name", "kind", "parent", "lat", "lon", "km2", "old_codes"};
constexpr std::size_t kMostRows = 5000;

bool is_code(const std::string& text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

store::Area read_row(const CsvRow& row, const std::string& prefix, CsvFaults& faults) {
  store::Area area;
  area.code = row.cells[0];
  area.name = row.cells[1];
  area.kind = row.cells[2];
  const auto& parent = row.cells[3];
  if (!is_code(area.code)) faults.add(row.line, "code", "a to z, 0 to 9 and hyphen are taken, 1 to 20 of them");
  if (area.name.empty() || area.name.size() > 200) faults.add(row.line, "name", "1 to 200 bytes are taken");
  if (area.kind != "province" && area.kind != "ward" && area.kind != "commune" && area.kind != "zone")
    faults.add(row.line, "kind", "province, ward, commune or zone is taken");
  area.id = parent.empty() ? prefix : prefix + "-" + area.code;
  area.parent = parent;  // a code until all rows are read
  area.latitude = number_in(row, 4, kColumns[4], -90, 90, faults);
  area.longitude = number_in(row, 5, kColumns[5], -180, 180, faults);
  area.km2 = number_in(row, 6, kColumns[6], 0, 1e6, faults);
  std::string_view codes = row.cells[7];
  while (!codes.empty()) {
    const auto one = codes.substr(0, codes.find(' '));
    if (!one.empty()) area.old_codes.emplace_back(one);
    codes.remove_prefix(std::min(codes.size(), one.size() + 1));
  }
  if (!std::all_of(area.old_codes.begin(), area.old_codes.end(), is_code))
    faults.add(row.line, "old_codes", "a to z, 0 to 9 and hyphen are taken, 1 to 20 of them for each code, with a space between two");
  return area;
}

// Turns parents from codes into ids and puts them before their children; a row whose parents never come is at fault.
std::vector<store::Area> in_order(std::vector<std::pair<int, store::Area>> rows, CsvFaults& faults) {
  std::map<std::string, std::string> id_of;
  for (const auto& [line, area] : rows)
    if (!id_of.emplace(area.code, area.id).second) faults.add(line, "code", "\"" + area.code + "\" is there twice");
  std::vector<store::Area> ordered;
  std::set<std::string> placed;
  std::map<std::string, std::vector<std::size_t>> waiting;  // rows by the code of a parent that has not come yet
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const auto& parent = rows[i].second.parent; !parent.empty() && !placed.contains(parent)) {
      waiting[parent].push_back(i);
      continue;
    }
    std::vector<std::size_t> ready{i};
    while (!ready.empty()) {
      auto area = std::move(rows[ready.back()].second);
      ready.pop_back();
      placed.insert(area.code);
      if (const auto children = waiting.extract(area.code))
        ready.insert(ready.end(), children.mapped().rbegin(), children.mapped().rend());
      if (!area.parent.empty()) area.parent = id_of[area.parent];
      ordered.push_back(std::move(area));
    }
  }
  std::set<std::size_t> orphans;
  for (const auto& [parent, children] : waiting) orphans.insert(children.begin(), children.end());
  for (const auto i : orphans)
    faults.add(rows[i].first, "parent", "there is no area of code \"" + rows[i].second.parent + "\" above it in this file");
  return ordered;
}

}  // namespace

http::Result<std::vector<store::Area>> read_area_csv(std::string_view text, const std::string& prefix) {
  CsvFaults faults;
  const auto rows = read_csv(text, kColumns, kMostRows, faults);
  std::vector<std::pair<int, store::Area>> areas;
  int roots = 0;
  for (const auto& row : rows) {
    areas.emplace_back(row.line, read_row(row, prefix, faults));
    if (row.cells[3].empty() && ++roots > 1) faults.add(row.line, "parent", "a second row without a parent");
  }
  auto ordered = in_order(std::move(areas), faults);
  if (!faults.empty()) return std::move(faults).problem();
  return ordered;
}

namespace {

struct Counts {
  int created = 0;
  int updated = 0;
  int unchanged = 0;
};

// What the file says of an area replaces that; its rules, settings, zone and place in the tree stay as they are.
store::Area merged(store::Area old, const store::Area& row) {
  old.code = row.code;
  old.name = row.name;
  old.kind = row.kind;
  old.old_codes = row.old_codes;
  old.latitude = row.latitude;
  old.longitude = row.longitude;
  old.km2 = row.km2;
  return old;
}

// Whether the caller may import below `prefix`: the area itself, or where there is none yet an area without parent.
bool may_import(const StoreCall& call, const std::string& prefix) {
  if (store::find_area(call.db, prefix)) return !guard(call, prefix);
  for (const auto& root : call.call.roots())
    if (const auto area = store::find_area(call.db, root); area && area->parent.empty()) return true;
  return false;
}

}  // namespace

Reply import_areas(StoreCall& call) {
  Query query(call.call.request);
  query.require("prefix");
  const auto prefix = query.text("prefix", 19).value_or("");
  if (!is_code(prefix)) query.fault("prefix", "1 to 19 of a to z, 0 to 9 and hyphen are taken");
  if (auto problem = query.finish()) return *problem;
  if (!may_import(call, prefix))
    return http::Problem{403, "forbidden", "Only an admin of \"" + prefix + "\" may import areas there.", {}};
  auto areas = read_area_csv(call.call.request.body, prefix);
  if (areas.has_error()) return areas.error();
  Counts counts;
  auto transaction = call.write();
  for (const auto& row : *areas) {
    const auto old = store::find_area(call.db, row.id);
    // What the caller does not administer is never touched, whatever ids a file has.
    if (old && guard(call, row.id)) return refused("forbidden", "Area \"" + row.id + "\" is not yours to change.");
    const auto area = old ? merged(*old, row) : row;
    if (old && *old == area) {
      ++counts.unchanged;
    } else if (old) {
      store::update_area(transaction, area);
      ++counts.updated;
    } else {
      if (!store::add_area(transaction, area)) return conflict("id_taken", "There was an area of id \"" + row.id + "\".");
      ++counts.created;
    }
  }
  transaction.commit();
  call.effects.areas_changed = true;
  return json_response({{"created", counts.created}, {"updated", counts.updated}, {"unchanged", counts.unchanged}});
}

}  // namespace loa::api
