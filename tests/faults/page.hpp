#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/faults/fault_row.hpp"

namespace loa::tests {

/// What became of one row.
struct Outcome {
  enum class Result { ok, failed, skipped };
  Result result = Result::skipped;
  std::string heard, log;
  std::vector<std::string> why;  ///< what is wrong, or why it was skipped
  std::string last_lines;
  double seconds = 0;
  const char* word() const { return result == Result::ok ? "ok" : result == Result::failed ? "FAILED" : "skipped"; }
};

/// What the page says of a row that did not run: that it was not run on this code, or the result that it had, for a table run in parts.
enum class Others { forget, keep };

/// Writes the table of all rows between the page's marks, with the results of those that ran. Throws std::runtime_error where the page has no marks.
void write_page(const std::filesystem::path& page, const std::vector<FaultRow>& rows, const std::map<std::string, Outcome>& outcomes, Others others);

/// Whether the page's table names exactly these rows in these words, whatever their results; says on stderr what differs.
bool page_is_true(const std::filesystem::path& page, const std::vector<FaultRow>& rows);

}  // namespace loa::tests
