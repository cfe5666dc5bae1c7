#pragma once
#include <map>
#include <string>
#include <utility>

#include "scheduler/time.hpp"

namespace loa::api {

/// Slows down guessing of passwords without locking anybody out: after kFree failures for one user from one address each further
/// one doubles the wait for that user from that address only; an address that fails for many users waits for all of them.
/// Bounded: the oldest entries go first. On the loop only.
class Attempts {
 public:
  static constexpr int kFree = 5;
  static constexpr int kFreeOfAddress = 50;
  static constexpr std::size_t kMost = 10'000;

  /// How long this user from this address must still wait; zero: may try now.
  scheduler::Millis wait(const std::string& user, const std::string& address, scheduler::TimePoint now) const;
  void failed(const std::string& user, const std::string& address, scheduler::TimePoint now);
  void succeeded(const std::string& user, const std::string& address);

 private:
  struct Count {
    int failures = 0;
    scheduler::TimePoint last;
  };
  using Key = std::pair<std::string, std::string>;  // user (empty: any) and address
  static scheduler::Millis left(const Count& count, int free, scheduler::TimePoint now);
  void add(const Key& key, scheduler::TimePoint now);
  void make_room(scheduler::TimePoint now);

  std::map<Key, Count> x_counts;
};

}  // namespace loa::api
