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
  /// As scheduler::fetch_ahead, as of the last look at which the date was known.
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
