#include "controller/api/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocol/utf8.hpp"

namespace loa::api {
namespace {

constexpr std::size_t kMostFaults = 50;

// A cell in quotes may hold commas, line breaks and doubled quotes. One row more than `most` is read, to be noticed.
std::vector<CsvRow> split(std::string_view text, std::size_t most, CsvFaults& faults) {
  std::vector<CsvRow> rows;
  int line = 1;
  CsvRow row{1, {""}};
  bool quoted = false;
  const auto end_row = [&] {
    if (row.cells.size() > 1 || !row.cells.front().empty()) rows.push_back(std::move(row));
    row = CsvRow{line, {""}};
  };
  for (std::size_t i = 0; i < text.size() && rows.size() <= most; ++i) {
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

bool has_control(const std::string& cell) {
  return std::any_of(cell.begin(), cell.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

void CsvFaults::add(int line, std::string_view column, std::string detail) {
  if (x_parts.size() < kMostFaults)
    x_parts.push_back({fmt::format("/{}/{}", line, column), fmt::format("line {}, {}: {}", line, column, detail), ""});
}

http::Problem CsvFaults::problem() && {
  const auto detail = "Nothing was imported: " + x_parts.front().detail + ".";
  return {422, "bad_csv", detail, std::move(x_parts)};
}

std::vector<CsvRow> read_csv(std::string_view text, std::span<const std::string_view> columns, std::size_t most, CsvFaults& faults) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (const auto bad = protocol::first_invalid_utf8(text)) {
    const auto line = 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*bad), '\n'));
    faults.add(line, "row", "this is not UTF-8");
    return {};
  }
  auto rows = split(text, most + 1, faults);  // the header is one
  if (rows.empty() || !std::equal(rows.front().cells.begin(), rows.front().cells.end(), columns.begin(), columns.end()))
    faults.add(1, "row", fmt::format("the header must be {}", fmt::join(columns, ",")));
  else if (rows.size() == 1)
    faults.add(1, "row", "there are no rows below the header");
  if (rows.size() > most + 1) faults.add(rows.back().line, "row", fmt::format("more than {} rows", most));
  if (!faults.empty()) return {};
  rows.erase(rows.begin());
  std::erase_if(rows, [&](const CsvRow& row) {
    if (row.cells.size() != columns.size()) {
      faults.add(row.line, "row", fmt::format("{} cells where {} are wanted", row.cells.size(), columns.size()));
      return true;
    }
    const auto strange = std::find_if(row.cells.begin(), row.cells.end(), has_control);
    if (strange == row.cells.end()) return false;
    faults.add(row.line, columns[static_cast<std::size_t>(strange - row.cells.begin())], "a control character or a line break is not taken");
    return true;
  });
  return rows;
}

std::optional<double> number_in(const CsvRow& row, std::size_t column, std::string_view name, double least, double most, CsvFaults& faults) {
  const auto& cell = row.cells[column];
  if (cell.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error == std::errc() && end == cell.data() + cell.size() && value >= least && value <= most) return value;
  faults.add(row.line, name, fmt::format("\"{}\" is not a number from {} to {}", cell, least, most));
  return std::nullopt;
}

}  // namespace loa::api
