#include "node-firmware/record_keeper.hpp"

#include <spdlog/spdlog.h>

#include <vector>

namespace loa::node {

namespace {

constexpr const char* kWriter = "node.db";
constexpr const char* kLogWriter = "node.db (log)";  // what it writes may succeed, or be a mere reading, while records wait

}  // namespace

RecordKeeper::RecordKeeper(Database& database, HistoryStore& history, PlayLog& log, DiskHealth& disk)
    : database_(database), history_(history), log_(log), disk_(disk) {}

void RecordKeeper::take(scheduler::PlayRecord record) {
  waiting_.push_back(std::move(record));
  if (waiting_.size() <= kMostWaiting) return;
  spdlog::error("disk: more than {} records wait: the one of {} is dropped", kMostWaiting, waiting_.front().occurrence_id);
  waiting_.pop_front();
  ++dropped_;
}

bool RecordKeeper::save(scheduler::TimePoint now, const std::set<std::string>& held_back, bool all) {
  if (waiting_.empty() && !history_.changed(held_back, all)) return true;
  if (!disk_.may_try(kWriter)) return false;
  auto end = log_.end();
  std::vector<scheduler::PlayRecord> written;
  const bool kept = disk_.attempt(kWriter, [&] {
    if (database_.lent()) {
      database_.go_home();
      log_.reload();
      end = log_.end();
    }
    log_.go_back(end);  // a first attempt on a full disk
    written.clear();
    Transaction transaction(database_);
    for (const auto& record : waiting_)
      if (auto one = log_.append(record)) written.push_back(std::move(*one));
    history_.save(now, held_back, all);
    transaction.commit();
  });
  if (!kept) {
    log_.go_back(end);
    return false;
  }
  history_.saved();
  waiting_.clear();
  for (const auto& one : written)
    spdlog::info("{}: {} {} {}/{} ms", one.occurrence_id, scheduler::name_of(one.outcome), one.reason, one.heard_ms, one.planned_ms);
  return true;
}

RecordKeeper::NewOrder RecordKeeper::first_time(const std::string& id, scheduler::TimePoint expires) {
  bool is_new = true;
  disk_.attempt(kLogWriter, [&] { is_new = history_.is_new_order(id); });
  if (!is_new) return {};
  history_.order_done(id, expires);
  return {true, disk_.may_try(kWriter) && disk_.attempt(kWriter, [&] {
            Transaction transaction(database_);
            history_.save_orders();
            transaction.commit();
          })};
}

void RecordKeeper::attempt(const std::function<void()>& write) { disk_.attempt(kLogWriter, write); }

}  // namespace loa::node
