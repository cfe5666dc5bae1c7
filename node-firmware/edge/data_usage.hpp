#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace loa::node::edge {

struct DataSettings {
  std::filesystem::path interface;  ///< folder with rx_bytes and tx_bytes, as /sys/class/net/wwan0/statistics
  std::int64_t budget = 0;          ///< bytes a month, both ways; 0: none
};

/// A date where the node is.
using LocalDate = std::chrono::year_month_day;

/// How far ahead clips may be fetched, by what was used of the budget until `today`; nothing: as far as the plan goes. A day's share is the budget's
/// part of the month that has passed, two days more, so that a plan can be fetched on the first. Alerts and stock clips never wait.
///   used up to 80 % of the share      as far as the plan goes
///   above that                        what is due within 24 hours
///   above the whole budget            what is due within 2 hours
std::optional<std::chrono::hours> fetch_ahead(std::int64_t used, std::int64_t budget, LocalDate today);

/// Bytes that went over one interface this month, by local date. The kernel's counter begins anew with each boot and with each new interface: what
/// is kept goes on. Loop thread.
class DataUsage {
 public:
  /// `kept` is what `keep` was given by an earlier run, empty where there was none; `boot_id` is the kernel's. `keep` may throw: it is tried again later.
  DataUsage(DataSettings settings, std::string boot_id, const std::string& kept, std::function<void(const std::string&)> keep);
  ~DataUsage();

  /// Reads the counter; `today` is nothing while the node does not know the time: what goes over then counts to the month before.
  void look(std::chrono::nanoseconds now, std::optional<LocalDate> today);
  std::int64_t used() const { return used_; }
  std::int64_t budget() const { return settings_.budget; }
  std::optional<std::chrono::hours> ahead() const { return ahead_; }

 private:
  std::string text() const;
  void save(std::chrono::nanoseconds now, bool soon);

  DataSettings settings_;
  std::string boot_id_;
  std::function<void(const std::string&)> keep_;
  std::int64_t used_ = 0;
  std::int64_t counter_ = 0;   ///< as last read
  std::string month_ = "-";    ///< "2026-11"; "-": not known yet
  std::optional<std::chrono::hours> ahead_;
  std::string saved_;
  std::int64_t saved_used_ = 0;
  std::optional<std::chrono::nanoseconds> saved_at_;
  bool unreadable_ = false;
};

}  // namespace loa::node::edge
