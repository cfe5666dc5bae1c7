// The fault table: runs rows on real processes and says of each what was heard, what the log said, and whether it holds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "tests/faults/page.hpp"
#include "tests/faults/world.hpp"

using namespace loa::tests;

namespace {

constexpr int kHeld = 0, kFailed = 1, kWrongCommand = 2, kSkipped = 3;
constexpr std::size_t kShownWrongs = 6;

/// Runs rows one after the other; a world lives as long as its rows hold.
class Table {
 public:
  Outcome run(const FaultRow& row) {
    Case test;
    const auto begun = std::chrono::steady_clock::now();
    Outcome outcome;
    try {
      if (row.where == Where::network && !Netns::missing().empty()) throw Skipped(Netns::missing());
      World& world = world_for(row.where);
      try {
        row.run(world, test);
      } catch (const Skipped&) {
        throw;
      } catch (const std::exception& error) {
        test.wrong(error.what());
      }
      outcome.result = test.holds() ? Outcome::Result::ok : Outcome::Result::failed;
      if (!test.holds()) outcome.last_lines = world.last_lines(world.present());
      if (!world.mend() || !test.holds()) world_.reset();
    } catch (const Skipped& skipped) {
      outcome.result = Outcome::Result::skipped;
      outcome.why = {skipped.what()};
      if (world_ && !world_->mend()) world_.reset();
    } catch (const std::exception& error) {
      test.wrong(std::string("no village: ") + error.what());
      outcome.result = Outcome::Result::failed;
      world_.reset();
    }
    outcome.heard = test.heard();
    outcome.log = test.log();
    if (outcome.result == Outcome::Result::failed) outcome.why = test.wrong();
    outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return outcome;
  }

 private:
  World& world_for(Where where) {
    if (!world_ || where != where_) {
      world_.reset();
      world_ = std::make_unique<World>(where);
      where_ = where;
    }
    return *world_;
  }
  std::unique_ptr<World> world_;
  Where where_ = Where::loopback;
};

/// Of the last minute, as the kernel says it: a row that fails may have had to share the machine.
std::string load_average() {
  double minute = 0;
  return ::getloadavg(&minute, 1) == 1 ? fmt::format("{:.1f}", minute) : "unknown";
}

void print(const FaultRow& row, const Outcome& outcome) {
  fmt::print("{:<8} {}  ({:.0f} s)\n", outcome.word(), row.name, outcome.seconds);
  if (outcome.result != Outcome::Result::skipped)
    fmt::print("         heard: {}\n         log:   {}\n", outcome.heard.empty() ? "-" : outcome.heard, outcome.log.empty() ? "-" : outcome.log);
  for (std::size_t i = 0; i < std::min(kShownWrongs, outcome.why.size()); ++i)
    fmt::print("         {} {}\n", outcome.result == Outcome::Result::skipped ? "reason:" : "WRONG: ", outcome.why[i]);
  if (outcome.result == Outcome::Result::failed) fmt::print("         load average {} on {} processors\n", load_average(), std::thread::hardware_concurrency());
  if (!outcome.last_lines.empty()) fmt::print("         the node's last lines:\n{}\n", outcome.last_lines);
  std::cout.flush();
}

std::vector<FaultRow> chosen(const std::vector<FaultRow>& all, const std::vector<std::string>& names, bool ordinary, bool rest) {
  std::vector<FaultRow> rows;
  for (const auto& row : all) {
    const bool named = names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return row.name == name || row.name.starts_with(name + ".");
    });
    if (named && (!ordinary || row.ordinary) && (!rest || !row.ordinary)) rows.push_back(row);
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs the table of faults on real processes. Exit codes: 0 every row held, 1 a row failed, 2 wrong command line, "
               "3 none failed but some were skipped."};
  bool list = false, ordinary = false, rest = false, check = false, keep = false;
  std::string page, skips;
  std::vector<std::string> names;
  app.add_flag("--list", list, "Name the rows and say what each does and wants");
  app.add_flag("--ordinary", ordinary, "The representative part alone");
  app.add_flag("--rest", rest, "All but the representative part");
  app.add_option("--write-page", page, "Write the table with the results of this run into this page");
  app.add_flag("--keep-others", keep, "With --write-page: rows that do not run keep the result that the page has, for a table run in parts");
  app.add_flag("--check-page", check, "Run nothing: compare the table of --write-page's page with the rows");
  app.add_option("--skips", skips, "Write the names of skipped rows with their reasons to this file");
  app.add_option("ROW", names, "Rows, or groups of rows like `kill` or `kill.node`; all where none is named");
  CLI11_PARSE(app, argc, argv);

  const auto all = all_rows();
  if (check) return page_is_true(page, all) ? kHeld : kFailed;
  const auto rows = chosen(all, names, ordinary, rest);
  if (rows.empty()) {
    fmt::print(stderr, "no such row; --list names them\n");
    return kWrongCommand;
  }
  if (list) {
    for (const auto& row : rows)
      fmt::print("{}{}\n    fault: {}\n    heard: {}\n    log:   {}\n", row.name, row.ordinary ? " *" : "", row.fault, row.heard, row.log);
    fmt::print("{} rows; * runs in every tools/test\n", rows.size());
    return kHeld;
  }

  Table table;
  std::map<std::string, Outcome> outcomes;
  std::map<Outcome::Result, int> counts;
  double seconds = 0;
  for (const auto& row : rows) {
    const auto outcome = table.run(row);
    print(row, outcome);
    ++counts[outcome.result];
    seconds += outcome.seconds;
    outcomes[row.name] = outcome;
  }
  fmt::print("\n{} rows in {:.0f} s: {} ok, {} FAILED, {} skipped\n", rows.size(), seconds, counts[Outcome::Result::ok],
             counts[Outcome::Result::failed], counts[Outcome::Result::skipped]);
  std::ofstream skipped;
  if (!skips.empty()) skipped.open(skips);
  for (const auto& row : rows) {
    const auto& outcome = outcomes[row.name];
    if (outcome.result == Outcome::Result::failed) fmt::print("FAILED  {}: {}\n", row.name, outcome.why.empty() ? "" : outcome.why.front());
    if (outcome.result != Outcome::Result::skipped) continue;
    fmt::print("skipped {}: {}\n", row.name, outcome.why.front());
    if (skipped) skipped << "skipped " << row.name << ": " << outcome.why.front() << "\n";
  }
  if (!page.empty()) write_page(page, all, outcomes, keep ? Others::keep : Others::forget);
  return counts[Outcome::Result::failed] > 0 ? kFailed : counts[Outcome::Result::skipped] > 0 ? kSkipped : kHeld;
}
