#pragma once
#include <map>
#include <string>
#include <utility>

#include "scheduler/time.hpp"

namespace loa::api {

/// Where an attempt comes from.
struct AttemptSource {
  std::string address;
  std::string device;  ///< what a device on which this very user has signed in before is known by; empty: a stranger's
};

/// Slows down guessing of passwords and codes without locking anybody out. A known device of the user counts alone, so nobody else's
/// guesses hold it up. All others count three ways: for the user from this address, for the address, and for the user from anywhere
/// unknown. Beyond what is free each further failure doubles the wait. Counts are in memory and bounded: the oldest go first. On the loop only.
class Attempts {
 public:
  static constexpr int kFree = 5;              ///< of a user from one address, or one known device
  static constexpr int kFreeOfAddress = 50;
  static constexpr int kFreeOfUser = 80;       ///< from all unknown devices together, within an hour
  static constexpr int kFreeCodes = 5;         ///< second factors, by someone who has the password
  static constexpr std::size_t kMost = 10'000;

  /// How long this user from there must still wait; zero: may try now.
  scheduler::Millis wait(const std::string& user, const AttemptSource& from, scheduler::TimePoint now) const;
  void failed(const std::string& user, const AttemptSource& from, scheduler::TimePoint now);
  void succeeded(const std::string& user, const AttemptSource& from);

  /// The same for a second factor after the right password; only for users who exist.
  scheduler::Millis wait_for_code(const std::string& user, const AttemptSource& from, scheduler::TimePoint now) const;
  void wrong_code(const std::string& user, const AttemptSource& from, scheduler::TimePoint now);
  void right_code(const std::string& user, const AttemptSource& from);

 private:
  struct Pace {
    int free;
    scheduler::Millis longest;
    scheduler::Millis forget;  ///< after so long without a failure
  };
  struct Count {
    int failures = 0;
    scheduler::TimePoint last;
    Pace pace{};
  };
  using Key = std::pair<std::string, std::string>;  // user (empty: any) and where (empty: anywhere)
  using Counts = std::map<Key, Count>;
  static const Pace kSlow, kOfUser, kOfAddress, kCodes;

  static scheduler::Millis left(const Counts& counts, const Key& key, scheduler::TimePoint now);
  static void add(Counts& counts, Key key, const Pace& pace, scheduler::TimePoint now);
  static void make_room(Counts& counts, scheduler::TimePoint now);

  Counts x_counts;
  Counts x_codes;  // of users who exist: guesses at names that do not push none of these out
};

}  // namespace loa::api
