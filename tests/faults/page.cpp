#include "tests/faults/page.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace loa::tests {

namespace {

constexpr const char* kBegin = "<!-- faults: written by tools/faults --write-page -->\n";
constexpr const char* kEnd = "<!-- end of faults -->\n";
constexpr const char* kHead = "| row | fault | what must be heard | what log, record or page must say | result |\n|---|---|---|---|---|\n";

struct Parts {
  std::string before, table, after;
};

Parts parts_of(const std::filesystem::path& page) {
  std::ifstream in(page, std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(in), {});
  const auto begin = whole.find(kBegin), end = whole.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) throw std::runtime_error(page.string() + ": no marks of the fault table");
  const auto from = begin + std::string_view(kBegin).size();
  return {whole.substr(0, from), whole.substr(from, end - from), whole.substr(end)};
}

/// A row without its last cell.
std::string said_of(const FaultRow& row) {
  return fmt::format("| `{}`{} | {} | {} | {} |", row.name, row.ordinary ? " *" : "", row.fault, row.heard, row.log);
}

std::string result_of(const Outcome& outcome) {
  if (outcome.result == Outcome::Result::ok) return "ok: " + outcome.heard;
  return fmt::format("**{}**: {}", outcome.word(), outcome.why.empty() ? "" : outcome.why.front());
}

/// One cell: no bars, no line ends.
std::string cell(std::string text) {
  for (auto& c : text)
    if (c == '|' || c == '\n') c = ' ';
  return text.size() > 160 ? text.substr(0, 157) + "..." : text;
}

}  // namespace

void write_page(const std::filesystem::path& page, const std::vector<FaultRow>& rows, const std::map<std::string, Outcome>& outcomes, Others others) {
  const auto parts = parts_of(page);
  std::map<std::string, std::string> before;  // a row's words: its result
  std::istringstream lines(parts.table);
  for (std::string line; others == Others::keep && std::getline(lines, line);)
    if (const auto bar = line.rfind(" |", line.size() - 3); bar != std::string::npos) before[line.substr(0, bar + 2)] = line.substr(bar + 2);
  std::string table = kHead;
  for (const auto& row : rows) {
    const auto words = said_of(row);
    const auto now = outcomes.find(row.name);
    table += words + (now != outcomes.end() ? " " + cell(result_of(now->second)) + " |" : before.contains(words) ? before[words] : " not run on this code |") + "\n";
  }
  std::ofstream(page, std::ios::binary) << parts.before << table << parts.after;
}

bool page_is_true(const std::filesystem::path& page, const std::vector<FaultRow>& rows) {
  std::istringstream lines(parts_of(page).table);
  std::string line;
  for (int i = 0; i < 2; ++i) std::getline(lines, line);
  for (const auto& row : rows) {
    if (std::getline(lines, line) && line.starts_with(said_of(row))) continue;
    std::fprintf(stderr, "%s is stale at row %s; `tools/faults --write-page %s ROW` writes it\nthe page: %s\nthe row:  %s\n", page.c_str(), row.name.c_str(),
                 page.c_str(), line.c_str(), said_of(row).c_str());
    return false;
  }
  if (!std::getline(lines, line)) return true;
  std::fprintf(stderr, "%s names a row that is not there: %s\n", page.c_str(), line.c_str());
  return false;
}

}  // namespace loa::tests
