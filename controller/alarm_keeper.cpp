#include "controller/alarm_keeper.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/store/node_troubles.hpp"

namespace loa::controller {

namespace {

constexpr std::chrono::minutes kSweepEvery{10};

}  // namespace

AlarmKeeper::AlarmKeeper(store::Store& store, Look look, Tell tell)
    : store_(store), look_(std::move(look)), tell_(std::move(tell)), timer_(store.loop()) {}

void AlarmKeeper::start(std::chrono::milliseconds period) {
  if (period.count() > 0) wait(period);
  look();
}

void AlarmKeeper::wait(std::chrono::milliseconds period) {
  timer_.expires_after(period);
  timer_.async_wait([this, period](const boost::system::error_code& error) {
    if (error) return;
    wait(period);  // first: a look that throws must not be the last
    look();
  });
}

void AlarmKeeper::look() {
  for (auto& [kind, alarms] : look_()) wanted_[kind] = std::move(alarms);
  work();
}

void AlarmKeeper::changed() {
  count_ = true;
  work();
}

AlarmKeeper::Work AlarmKeeper::take_work() {
  Work work;
  for (const auto& [kind, alarms] : wanted_)
    if (const auto kept = kept_.find(kind); kept == kept_.end() || kept->second != alarms) work.holding[kind] = alarms;
  work.sweep = store_.clock().now() >= sweep_at_;
  return work;
}

AlarmKeeper::Done AlarmKeeper::write(store::Transaction& transaction, const Work& work) {
  Done done;
  const auto add = [&](std::vector<store::Alarm> changed) {
    done.told.insert(done.told.end(), std::make_move_iterator(changed.begin()), std::make_move_iterator(changed.end()));
  };
  for (const auto& [kind, alarms] : work.holding) add(store::set_alarms(transaction, kind, alarms));
  if (work.sweep) {
    add(store::sweep_alarms(transaction));
    add(store::set_alarms(transaction, store::AlarmKind::records_missing, store::nodes_missing_records(transaction.session(), transaction.now())));
    add(store::set_alarms(transaction, store::AlarmKind::amplifier_silent, store::silent_amplifiers(transaction.session())));
    add(store::set_alarms(transaction, store::AlarmKind::on_battery, store::nodes_on_battery(transaction.session())));
    add(store::set_alarms(transaction, store::AlarmKind::data_budget, store::nodes_over_budget(transaction.session())));
    add(store::set_alarms(transaction, store::AlarmKind::safe_mode, store::nodes_in_safe_mode(transaction.session())));
    add(store::set_alarms(transaction, store::AlarmKind::node_disk, store::nodes_with_bad_disks(transaction.session())));
  }
  done.open = store::count_open_alarms(transaction.session());
  return done;
}

void AlarmKeeper::work() {
  if (working_) return;
  working_ = true;
  boost::asio::co_spawn(store_.loop(), run(), boost::asio::detached);
}

boost::asio::awaitable<void> AlarmKeeper::run() {
  try {
    while (true) {
      const auto work = take_work();
      if (work.holding.empty() && !work.sweep && !count_) break;
      count_ = false;
      auto job = [work](store::Transaction& transaction) { return write(transaction, work); };
      auto done = co_await store_.write(store::system_actor(), std::move(job));
      for (const auto& [kind, alarms] : work.holding) kept_[kind] = alarms;
      if (work.sweep) sweep_at_ = store_.clock().now() + kSweepEvery;
      open_ = std::move(done.open);
      for (const auto& alarm : done.told) {
        if (!alarm.ended) spdlog::warn("alarm: {} of {}: {}", store::name_of(alarm.kind), alarm.subject, alarm.detail);
        tell_(alarm);
      }
    }
  } catch (const std::exception& error) {
    count_ = true;
    spdlog::error("alarms cannot be kept: {}", error.what());
  }
  working_ = false;
}

}  // namespace loa::controller
