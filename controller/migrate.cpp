#include "controller/migrate.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "controller/store/move_store.hpp"

namespace loa::controller {

namespace {

void tell(const store::MoveProgress& progress) {
  const char* step = progress.step == store::MoveProgress::Step::copying ? "copied" : "compared";
  fmt::print("{}: {} of {} rows {}\n", progress.table, progress.rows, progress.of, step);
  std::fflush(stdout);
}

}  // namespace

void migrate_store(const Settings& settings, const std::string& to) {
  const auto moved = store::move_store(settings.database_url(), to, &tell);
  std::int64_t rows = 0;
  for (const auto& table : moved) rows += table.rows;
  fmt::print("moved {} rows in {} tables; every row was read back and is equal\n"
             "next: set `database = \"{}\"` in controller.toml and start the controller; the SQLite file is left as it was\n",
             rows, moved.size(), to);
}

}  // namespace loa::controller
