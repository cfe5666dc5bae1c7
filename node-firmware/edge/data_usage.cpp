#include "node-firmware/edge/data_usage.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "node-firmware/edge/board_files.hpp"
#include "scheduler/data_share.hpp"

namespace loa::node::edge {

using namespace std::chrono_literals;

namespace {

// Flash: at most a write an hour, and none for what an ordinary hour costs at rest.
constexpr auto kSaveEvery = 1h;
constexpr std::int64_t kWorthSaving = 256 << 10;

std::string month_of(LocalDate date) {
  return fmt::format("{:04}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()));
}

std::optional<std::int64_t> counter_of(const std::filesystem::path& interface) {
  const auto received = read_number(interface / "rx_bytes");
  const auto sent = read_number(interface / "tx_bytes");
  if (!received || !sent || *received < 0 || *sent < 0) return std::nullopt;
  return *received + *sent;
}

}  // namespace

DataUsage::DataUsage(DataSettings settings, std::string boot_id, const std::string& kept, std::function<void(const std::string&)> keep)
    : settings_(std::move(settings)), boot_id_(std::move(boot_id)), keep_(std::move(keep)), saved_(kept) {
  std::istringstream in(kept);
  std::string month, boot;
  std::int64_t used = 0, counter = 0;
  if (in >> month >> used >> counter >> boot && used >= 0 && counter >= 0) {
    month_ = month;
    used_ = saved_used_ = used;
    counter_ = boot == boot_id_ ? counter : 0;  // all that the counter shows is since this boot
  } else {
    if (!kept.empty()) spdlog::warn("the count of data used this month is damaged: it begins anew, with what went over since the boot");
  }
}

DataUsage::~DataUsage() { save({}, true); }

void DataUsage::look(std::chrono::nanoseconds now, std::optional<LocalDate> today) {
  const auto counter = counter_of(settings_.interface);
  if (counter) {
    used_ += *counter >= counter_ ? *counter - counter_ : *counter;  // a lower one: the interface is another one now
    counter_ = *counter;
  } else if (!unreadable_) {
    spdlog::warn("data used: {} has no counters now", settings_.interface.string());
  }
  unreadable_ = !counter;
  bool new_month = false;
  if (today) {
    const auto month = month_of(*today);
    new_month = month != month_ && month_ != "-";
    if (new_month) used_ = 0;
    month_ = month;
    ahead_ = scheduler::fetch_ahead(used_, settings_.budget, *today);
  }
  save(now, new_month);
}

std::string DataUsage::text() const { return fmt::format("{} {} {} {}\n", month_, used_, counter_, boot_id_); }

void DataUsage::save(std::chrono::nanoseconds now, bool soon) {
  if (!saved_at_) saved_at_ = now;
  const auto fresh = text();
  if (fresh == saved_) return;
  const bool due = now - *saved_at_ >= kSaveEvery && std::abs(used_ - saved_used_) >= kWorthSaving;
  if (!soon && !due) return;
  saved_at_ = now;
  try {
    keep_(fresh);
    saved_ = fresh;
    saved_used_ = used_;
  } catch (const std::exception& error) {
    spdlog::warn("data used: not kept: {}", error.what());
  }
}

}  // namespace loa::node::edge
