#include "node-firmware/safe_log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <new>

#include "node-firmware/kept_database.hpp"

namespace loa::node {

namespace {

constexpr const char* kName = "safe.db";

/// The safe mode ran after the normal one had died, so of what both began the safe mode knows the end; what it merely skipped says nothing
/// against sound that the other made.
bool tells_more(const scheduler::OccurrenceHistory& safe, const scheduler::OccurrenceHistory* normal) {
  if (!normal) return true;
  if (normal->outcome) return false;
  if (safe.outcome) return !(normal->open() && *safe.outcome == scheduler::Outcome::skipped);
  return safe.heard > normal->heard;
}

void take_history(HistoryStore& from, HistoryStore& into) {
  for (const auto& [id, known] : from.history().occurrences) {
    if (!tells_more(known, into.history().find(id))) continue;
    into.history().occurrences[id] = known;
    if (const auto* draft = from.draft(id)) into.begin_draft(id, *draft);
  }
}

void take_orders(Database& from, HistoryStore& into) {
  Statement done(from, "select id, expires from done_ids");
  while (done.step())
    if (into.is_new_order(done.text(0))) into.order_done(done.text(0), scheduler::from_ms(done.integer(1)));
}

}  // namespace

std::unique_ptr<SafeLog> SafeLog::open(KeptFiles& files, DiskHealth& disk, HistoryStore& into, Database& node_db, scheduler::TimePoint now) {
  std::error_code error;
  if (!std::filesystem::exists(files.path(kName), error)) return nullptr;
  try {
    auto safe = std::unique_ptr<SafeLog>(new SafeLog(open_kept_database(files, disk, kName)));
    HistoryStore left(*safe->database_);
    take_history(left, into);
    take_orders(*safe->database_, into);
    if (const auto waiting = safe->log_.last_number() - safe->log_.acked(); waiting > 0)
      spdlog::info("the safe mode left {} records that the controller has not acknowledged", waiting);
    // What goes on from here ends here: once it is this mode's, safe.db must not begin it again.
    disk.attempt(kName, [&] {
      Transaction written(node_db);
      into.save(now, {}, true);
      written.commit();
      into.saved();
      for (const auto& [id, known] : left.history().occurrences)
        if (!known.outcome) Statement(*safe->database_, "delete from occurrences where id = ?").bind(1, id).run();
    });
    return safe;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& fault) {
    spdlog::error("safe.db: {}: what sounded in the safe mode is not sent by this run", fault.what());
    return nullptr;
  }
}

}  // namespace loa::node
