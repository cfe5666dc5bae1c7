#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/problem.hpp"

namespace loa::api {

/// A row of a CSV file and the line on which it begins.
struct CsvRow {
  int line = 0;
  std::vector<std::string> cells;
};

/// Everything that is wrong with a file that is taken whole or not at all; the first 50 faults.
class CsvFaults {
 public:
  void add(int line, std::string_view column, std::string detail);
  bool empty() const { return x_parts.empty(); }
  /// 422 `bad_csv` with a part for each fault; its detail names the first.
  http::Problem problem() &&;

 private:
  std::vector<http::ProblemPart> x_parts;
};

/// The rows below the header of a CSV text (RFC 4180, UTF-8, a byte order mark is passed over), each with exactly the cells that `columns`
/// names, none with a control character; at most `most` of them, and at least one. Whatever is otherwise is in `faults`, and a row at fault is left out.
std::vector<CsvRow> read_csv(std::string_view text, std::span<const std::string_view> columns, std::size_t most, CsvFaults& faults);

/// The number in a cell that is not empty; a fault where it is none from `least` to `most`.
std::optional<double> number_in(const CsvRow& row, std::size_t column, std::string_view name, double least, double most, CsvFaults& faults);

}  // namespace loa::api
