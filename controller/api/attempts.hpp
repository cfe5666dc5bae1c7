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

/// Whose password or code is tried.
struct AttemptTarget {
  std::string name;    ///< as it was given
  bool exists = true;  ///< whether somebody of this name may sign in
};

/// Slows down guessing of passwords and codes without locking anybody out. A known device of the user counts alone, so nobody else's
/// guesses hold it up. All others count three ways: for the user from this address, for the address (see http::address_key), and for the
/// user from anywhere unknown. Beyond what is free each further failure doubles the wait. Counts are in memory and bounded, each kind by
/// itself: in a full one the oldest goes first, so that no flood of made-up names or of addresses makes the guesses at a user forgotten.
/// On the loop only.
class Attempts {
 public:
  static constexpr int kFree = 5;              ///< of a user from one address, or one known device
  static constexpr int kFreeOfAddress = 50;
  static constexpr int kFreeOfUser = 80;       ///< from all unknown devices together, within an hour
  static constexpr int kFreeCodes = 5;         ///< second factors, by someone who has the password
  static constexpr std::size_t kMost = 10'000;  ///< of each kind

  /// How long this user from there must still wait; zero: may try now.
  scheduler::Millis wait(const AttemptTarget& target, const AttemptSource& from, scheduler::TimePoint now) const;
  void failed(const AttemptTarget& target, const AttemptSource& from, scheduler::TimePoint now);
  /// What was counted as failed() before it was checked was right: takes that one back, and forgets the user's failures there.
  void succeeded(const AttemptTarget& target, const AttemptSource& from);

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
  static const Pace kSlow, kOfUser, kOfAddress, kCodes;

  /// Failures of one kind, by whose and where.
  class Counts {
   public:
    using Key = std::pair<std::string, std::string>;
    explicit Counts(const Pace& pace) : x_pace(pace) {}
    scheduler::Millis left(const Key& key, scheduler::TimePoint now) const;
    void add(const Key& key, scheduler::TimePoint now);
    void take_back(const Key& key);
    void forget(const Key& key) { x_counts.erase(key); }

   private:
    struct Count {
      int failures = 0;
      scheduler::TimePoint last;
    };
    void make_room(scheduler::TimePoint now);

    const Pace& x_pace;
    std::map<Key, Count> x_counts;
  };

  const Counts& anywhere(const AttemptTarget& target) const { return target.exists ? x_users : x_nobodies; }
  Counts& anywhere(const AttemptTarget& target) { return target.exists ? x_users : x_nobodies; }

  Counts x_devices{kSlow};      // user, device
  Counts x_places{kSlow};       // name, address
  Counts x_addresses{kOfAddress};
  Counts x_users{kOfUser};      // from anywhere unknown
  Counts x_nobodies{kOfUser};   // the same for names that nobody has
  Counts x_codes{kCodes};       // user, device
};

}  // namespace loa::api
