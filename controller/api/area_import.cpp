#include "controller/api/area_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "protocol/utf8.hpp"

namespace loa::api {
namespace {

constexpr std::string_view kColumns[] = {"code", "name", "kind", "parent", "lat", "lon", "km2", "old_codes"};
constexpr std::size_t kMostFaults = 50;
constexpr std::size_t kMostRows = 5000;

struct Row {
  int line = 0;
  std::vector<std::string> cells;
};

struct Faults {
  std::vector<http::ProblemPart> parts;
  void add(int line, std::string_view column, std::string detail) {
    if (parts.size() < kMostFaults)
      parts.push_back({fmt::format("/{}/{}", line, column), fmt::format("line {}, {}: {}", line, column, detail), ""});
  }
};

// Rows of RFC 4180; a cell in quotes may hold commas, line breaks and doubled quotes.
std::vector<Row> split(std::string_view text, Faults& faults) {
  std::vector<Row> rows;
  int line = 1;
  Row row{1, {""}};
  bool quoted = false;
  const auto end_row = [&] {
    if (row.cells.size() > 1 || !row.cells.front().empty()) rows.push_back(std::move(row));
    row = Row{line, {""}};
  };
  for (std::size_t i = 0; i < text.size() && rows.size() <= kMostRows; ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      if (c != '"') {
        row.cells.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        row.cells.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && row.cells.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      row.cells.emplace_back();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      row.cells.back() += c;
    }
  }
  if (quoted) faults.add(row.line, "row", "a quote is not closed");
  end_row();
  return rows;
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

void read_number(const Row& row, std::size_t column, double least, double most, std::optional<double>& value, Faults& faults) {
  const auto& cell = row.cells[column];
  if (cell.empty()) return;
  value = number(cell);
  if (!value || !(*value >= least && *value <= most))
    faults.add(row.line, kColumns[column], fmt::format("\"{}\" is not a number from {} to {}", cell, least, most));
}

bool is_code(const std::string& text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

store::Area read_row(const Row& row, const std::string& prefix, Faults& faults) {
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
  read_number(row, 4, -90, 90, area.latitude, faults);
  read_number(row, 5, -180, 180, area.longitude, faults);
  read_number(row, 6, 0, 1e6, area.km2, faults);
  std::string_view codes = row.cells[7];
  while (!codes.empty()) {
    const auto one = codes.substr(0, codes.find(' '));
    if (!one.empty()) area.old_codes.emplace_back(one);
    codes.remove_prefix(std::min(codes.size(), one.size() + 1));
  }
  return area;
}

// Turns parents from codes into ids and puts them before their children; a row whose parents never come is at fault.
std::vector<store::Area> in_order(std::vector<std::pair<int, store::Area>> rows, Faults& faults) {
  std::map<std::string, std::string> id_of;
  for (const auto& [line, area] : rows)
    if (!id_of.emplace(area.code, area.id).second) faults.add(line, "code", "\"" + area.code + "\" is there twice");
  std::vector<store::Area> ordered;
  std::set<std::string> placed;
  for (bool moved = true; moved && !rows.empty();) {
    moved = false;
    std::vector<std::pair<int, store::Area>> rest;
    for (auto& [line, area] : rows) {
      if (!area.parent.empty() && !placed.contains(area.parent)) {
        rest.emplace_back(line, std::move(area));
        continue;
      }
      placed.insert(area.code);
      if (!area.parent.empty()) area.parent = id_of[area.parent];
      ordered.push_back(std::move(area));
      moved = true;
    }
    rows = std::move(rest);
  }
  for (const auto& [line, area] : rows)
    faults.add(line, "parent", "there is no area of code \"" + area.parent + "\" above it in this file");
  return ordered;
}

http::Problem problem_of(Faults faults) {
  const auto detail = "Nothing was imported: " + faults.parts.front().detail + ".";
  return {422, "bad_csv", detail, std::move(faults.parts)};
}

}  // namespace

http::Result<std::vector<store::Area>> read_area_csv(std::string_view text, const std::string& prefix) {
  Faults faults;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto bad = protocol::first_invalid_utf8(text)) {
    const auto line = 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*bad), '\n'));
    faults.add(line, "row", "this is not UTF-8");
    return problem_of(std::move(faults));
  }
  const auto rows = split(text, faults);
  const std::vector<std::string> header(std::begin(kColumns), std::end(kColumns));
  if (rows.empty() || rows.front().cells != header)
    faults.add(1, "row", fmt::format("the header must be {}", fmt::join(kColumns, ",")));
  if (rows.size() > kMostRows) faults.add(rows.back().line, "row", fmt::format("more than {} rows", kMostRows));
  if (!faults.parts.empty()) return problem_of(std::move(faults));
  std::vector<std::pair<int, store::Area>> areas;
  int roots = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].cells.size() != std::size(kColumns)) {
      faults.add(rows[i].line, "row", fmt::format("{} cells where {} are wanted", rows[i].cells.size(), std::size(kColumns)));
      continue;
    }
    areas.emplace_back(rows[i].line, read_row(rows[i], prefix, faults));
    if (rows[i].cells[3].empty() && ++roots > 1) faults.add(rows[i].line, "parent", "a second row without a parent");
  }
  if (areas.empty() && faults.parts.empty()) faults.add(1, "row", "there are no areas in this file");
  auto ordered = in_order(std::move(areas), faults);
  if (!faults.parts.empty()) return problem_of(std::move(faults));
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
