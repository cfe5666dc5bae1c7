#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>

#include "controller/conditions.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// Keeps the alarms of what lasts equal to what `look` finds, ends events that came no more, and knows how many are open.
/// On the loop; the store outlives it, and it outlives the loop's last turn.
class AlarmKeeper {
 public:
  using Look = std::function<Holding()>;
  using Tell = std::function<void(const store::Alarm&)>;
  AlarmKeeper(store::Store& store, Look look, Tell tell);

  /// Looks now and every `period`; zero: the caller calls look().
  void start(std::chrono::milliseconds period = std::chrono::seconds(15));
  void stop() { timer_.cancel(); }
  /// Looks once; what the store does not take now is tried again at the next look.
  void look();
  /// Alarms were raised elsewhere: counts them anew.
  void changed();
  /// How many are open of each kind, as last counted.
  const std::map<store::AlarmKind, std::int64_t>& open() const { return open_; }
  bool idle() const { return !working_; }

 private:
  struct Work {
    Holding holding;
    bool sweep = false;
  };
  struct Done {
    std::vector<store::Alarm> told;
    std::map<store::AlarmKind, std::int64_t> open;
  };
  static Done write(store::Transaction& transaction, const Work& work);
  Work take_work();
  void work();
  boost::asio::awaitable<void> run();
  void wait(std::chrono::milliseconds period);

  store::Store& store_;
  Look look_;
  Tell tell_;
  boost::asio::steady_timer timer_;
  Holding wanted_;
  Holding kept_;  // as the store has it
  scheduler::TimePoint sweep_at_;
  bool count_ = true;
  bool working_ = false;
  std::map<store::AlarmKind, std::int64_t> open_;
};

}  // namespace loa::controller
