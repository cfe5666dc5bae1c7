#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/broadcast/outbox.hpp"
#include "protocol/topics.hpp"
#include "scheduler/time.hpp"

namespace loa::broadcast {

/// What the broker must retain, and the check after each connect that it does: a broker that was killed brings back old messages
/// or none. On the loop.
class RetainedTopics {
 public:
  RetainedTopics(protocol::Link& link, Outbox& outbox) : x_link(link), x_outbox(outbox) {}

  /// What was signed before this run; published only where the check finds it missing.
  void load(const std::string& topic, std::string packet);
  /// New: publishes it.
  void set(Priority priority, const std::string& topic, std::string packet);
  /// No longer to be there: clears it on the broker.
  void drop(const std::string& topic);
  /// What the broker has there stays as it is.
  void leave(const std::string& topic);
  const std::string* find(const std::string& topic) const;
  /// Publishes it once more.
  void again(const std::string& topic);

  /// Quiet: publishes and clears nothing, and what the broker retains is only looked at, by `look`. Not quiet again: what it should retain is
  /// what was set and loaded from then on.
  void be_quiet(std::function<void(const protocol::Topic&, const std::string& packet)> look);
  void speak();

  /// Connected: asks for everything that is retained under `formats`.
  void begin_check(const std::vector<int>& formats, scheduler::TimePoint now);
  /// Takes part in the check where `topic` is one of those; false where it is not for it.
  bool take(const protocol::LinkMessage& message, const protocol::Topic& topic, scheduler::TimePoint now);
  /// Ends the check once nothing has come for kQuiet, at most kLongest after the connect; publishes what was missing.
  void tick(scheduler::TimePoint now);
  void disconnected() { x_check.reset(); }
  bool checking() const { return x_check.has_value(); }

  static constexpr scheduler::Millis kQuiet{2000};
  static constexpr scheduler::Millis kLongest{20000};

 private:
  struct Check {
    scheduler::TimePoint quiet_at;
    scheduler::TimePoint end;
    std::vector<std::string> filters;
    std::set<std::string> seen;
  };
  static Priority priority_of(const std::string& topic);
  void push(Priority priority, const std::string& topic, std::string packet);

  protocol::Link& x_link;
  Outbox& x_outbox;
  std::map<std::string, std::string> x_wanted;
  std::optional<Check> x_check;
  std::function<void(const protocol::Topic&, const std::string&)> x_look;  ///< set: quiet
};

}  // namespace loa::broadcast
