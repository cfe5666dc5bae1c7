#include "node-firmware/time_source.hpp"

#include <sys/timex.h>
#include <time.h>

#include <filesystem>
#include <fstream>

namespace loa::node {
namespace {

constexpr int kReadings = 5;

// Where time_t has 32 bits, a wall clock beyond January 2038 is refused and reads as 1970, which no node believes.
std::chrono::nanoseconds read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

Monotonic BoardTime::monotonic() const { return read(CLOCK_MONOTONIC); }

WallReading BoardTime::wall() const {
  WallReading best;
  for (int i = 0; i < kReadings; ++i) {
    const auto before = read(CLOCK_MONOTONIC);
    const auto utc = read(CLOCK_REALTIME);
    const auto width = read(CLOCK_MONOTONIC) - before;
    if (i == 0 || width < best.width) best = {before + width / 2, utc, width};
  }
  return best;
}

KernelClock BoardTime::kernel() const {
  timex state{};
  const bool synchronised = adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return {synchronised, std::chrono::microseconds(state.maxerror), std::chrono::microseconds(state.esterror)};
}

std::optional<std::chrono::seconds> BoardTime::rtc() const {
  const std::filesystem::path device = "/sys/class/rtc/rtc0";
  int set_from_it = 0;
  if (!(std::ifstream(device / "hctosys") >> set_from_it) || set_from_it != 1) return {};
  std::int64_t seconds = 0;
  if (!(std::ifstream(device / "since_epoch") >> seconds)) return {};
  return std::chrono::seconds(seconds);
}

std::string BoardTime::boot_id() const {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  in >> id;
  return id;
}

}  // namespace loa::node
