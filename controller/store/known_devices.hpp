#pragma once
#include <string>

#include "controller/store/session.hpp"

// Devices on which a person has signed in: their guesses are paced by themselves, so that nobody else's can hold them up.
namespace loa::store {

inline constexpr int kMostKnownDevices = 20;
inline constexpr std::chrono::hours kKnownDeviceLasts{24 * 90};

/// Whether this user has signed in on the device of that token hash, and has not let it lie for kKnownDeviceLasts.
bool is_known_device(Session& session, const std::string& user, const std::string& token_hash, TimePoint now);
/// Notes a sign-in on the device; of more than kMostKnownDevices the one unused for longest is forgotten. No audit row: the session has one.
void note_known_device(Transaction& transaction, const std::string& user, const std::string& token_hash);
void forget_known_devices(Transaction& transaction, const std::string& user);

}  // namespace loa::store
