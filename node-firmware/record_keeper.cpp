#include "node-firmware/record_keeper.hpp"

#include <spdlog/spdlog.h>

#include <iterator>
#include <utility>
#include <vector>

#include "node-firmware/kept_database.hpp"

namespace loa::node {

namespace {

constexpr const char* kWriter = "node.db";
constexpr const char* kLogWriter = "node.db (log)";  // what it writes may succeed, or be a mere reading, while records wait

}  // namespace

RecordKeeper::RecordKeeper(Database& database, HistoryStore& history, PlayLog& log, DiskHealth& disk, KeptFiles* files)
    : database_(database), history_(history), log_(log), disk_(disk), files_(files) {}

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
  const bool kept = write(kWriter, [&] {
    if (database_.lent() || other_log_) {
      database_.go_home();
      log_.reload();
      other_log_ = false;
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
    return heal() && save(now, held_back, all);
  }
  well_ = true;
  history_.saved();
  waiting_.clear();
  for (const auto& one : written)
    spdlog::info("{}: {} {} {}/{} ms", one.occurrence_id, scheduler::name_of(one.outcome), one.reason, one.heard_ms, one.planned_ms);
  return true;
}

RecordKeeper::NewOrder RecordKeeper::first_time(const std::string& id, scheduler::TimePoint expires) {
  bool is_new = true;
  attempt([&] { is_new = history_.is_new_order(id); });
  if (!is_new) return {};
  history_.order_done(id, expires);
  const auto keep = [&] {
    Transaction transaction(database_);
    history_.save_orders();
    transaction.commit();
  };
  return {true, disk_.may_try(kWriter) && (write(kWriter, keep) || (heal() && write(kWriter, keep)))};
}

void RecordKeeper::attempt(const std::function<void()>& written) {
  if (!write(kLogWriter, written)) heal();
}

bool RecordKeeper::write(const char* writer, const std::function<void()>& written) {
  damage_.clear();
  return disk_.attempt(writer, [&] {
    try {
      written();
    } catch (const DatabaseError& error) {
      if (error.database == &database_ && error.is_damage()) damage_ = error.what();
      throw;
    }
  });
}

/// True: another database is there. Not again before something was saved in it: a disk that spoils each one is left to DiskHealth.
bool RecordKeeper::heal() {
  if (damage_.empty() || !files_ || !well_ || database_.lent()) return false;
  well_ = false;
  auto records = log_.rescue();
  auto orders = history_.rescue_orders();
  const auto why = damage_ + "; another play log begins, with " + std::to_string(records.size()) + " records of this one";
  const auto before = files_->losses().size();
  database_.begin_anew([&] { lose_database(*files_, database_.file().filename().string(), why); });
  losses_.insert(losses_.end(), files_->losses().begin() + static_cast<std::ptrdiff_t>(before), files_->losses().end());
  waiting_.insert(waiting_.begin(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
  other_log_ = !disk_.attempt(kLogWriter, [&] { log_.reload(); });
  history_.write_anew(std::move(orders));
  return true;
}

std::vector<Loss> RecordKeeper::take_losses() { return std::exchange(losses_, {}); }

}  // namespace loa::node
