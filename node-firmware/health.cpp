#include "node-firmware/health.hpp"

#include <systemd/sd-daemon.h>

#include <fstream>

namespace loa::node {

Health::Health() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) > 0) watchdog_ = std::chrono::microseconds(microseconds);
}

void Health::ready() { sd_notify(0, "READY=1"); }
void Health::stopping() { sd_notify(0, "STOPPING=1"); }

void Health::status(const std::string& line) {
  if (line == status_) return;
  status_ = line;
  sd_notify(0, ("STATUS=" + line).c_str());
}

std::optional<Monotonic> Health::feed(Monotonic now) {
  if (!watchdog_) return std::nullopt;
  if (now >= next_) {
    sd_notify(0, "WATCHDOG=1");
    next_ = now + *watchdog_ / 2;
  }
  return next_;
}

std::string operating_system() {
  std::ifstream in("/etc/os-release");
  constexpr std::string_view kKey = "PRETTY_NAME=";
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(kKey)) continue;
    auto name = line.substr(kKey.size());
    if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
    return name;
  }
  return {};
}

}  // namespace loa::node
