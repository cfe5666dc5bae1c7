#pragma once
#include <array>
#include <chrono>
#include <optional>

namespace loa::authority {

/// When a broker that was told to read its files is told once more. Mosquitto 2.0.11 loses a SIGHUP that comes while it still obeys
/// the one before, and does not say that it did: two more tellings, a second and five after the last install, reach it in any case.
/// Pure: times are passed in.
class ReloadReminders {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::array<std::chrono::milliseconds, 2> kAfter{std::chrono::seconds(1), std::chrono::seconds(5)};

  /// Files went live at `now`; reminders of an earlier install are this one's too.
  void installed(Time now) {
    x_installed = now;
    x_done = 0;
  }
  /// When the next one is due; nothing where all were given.
  std::optional<Time> next() const {
    if (x_done == kAfter.size()) return std::nullopt;
    return x_installed + kAfter[x_done];
  }
  /// Whether one is due at `now`; it then counts as given.
  bool take(Time now) {
    const auto due = next();
    if (!due || now < *due) return false;
    ++x_done;
    return true;
  }

 private:
  Time x_installed;
  std::size_t x_done = kAfter.size();
};

}  // namespace loa::authority
