#include "tests/support/netns.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>

#include "tests/support/shell.hpp"

namespace loa::tests {

namespace {

int made = 0;

}  // namespace

std::string Netns::missing() {
  static const std::string why = [] {
    if (::geteuid() != 0) return std::string("network namespaces need root");
    for (const char* tool : {"ip", "nft", "tc"})
      if (!run_shell(std::string("command -v ") + tool).empty()) return std::string("no program ") + tool;
    try {
      Netns trial;
      trial.lose(30);
      trial.slow(20);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string();
  }();
  return why;
}

Netns::Netns() {
  const int number = ++made;
  const auto pid = static_cast<int>(::getpid());
  name_ = fmt::format("loa-{}-{}", pid, number);
  cable_ = fmt::format("loa{:x}x{}", pid & 0xffffff, number);
  here_ = fmt::format("10.{}.{}.{}", 200 + (pid >> 8) % 50, pid & 0xff, (number % 60) * 4 + 1);
  there_ = fmt::format("10.{}.{}.{}", 200 + (pid >> 8) % 50, pid & 0xff, (number % 60) * 4 + 2);
  must_run("ip netns add " + name_);
  try {
    must_run(fmt::format("ip link add {0} type veth peer name far netns {1} && ip addr add {2}/30 dev {0} && ip link set {0} up", cable_, name_, here_));
    inside(fmt::format("ip link set lo up && ip addr add {}/30 dev far && ip link set far up && ip route add default via {}", there_, here_));
    inside("nft 'add table inet loa; add chain inet loa in { type filter hook input priority 0; policy accept; }; "
           "add chain inet loa out { type filter hook output priority 0; policy accept; }'");
  } catch (...) {
    run_shell("ip netns del " + name_);
    throw;
  }
}

Netns::~Netns() {
  run_shell("ip link del " + cable_);
  run_shell("ip netns del " + name_);
}

std::vector<std::string> Netns::run_inside(const std::string& hosts_file) const {
  return {"ip", "netns", "exec", name_, "sh", "-c",
          "mount --bind '" + hosts_file + "' /etc/hosts && mount --bind /dev/null /etc/resolv.conf && exec \"$@\"", "sh"};
}

void Netns::inside(const std::string& command) const { must_run(fmt::format("ip netns exec {} sh -c \"{}\"", name_, command)); }

void Netns::lose(int percent) {
  std::string rules = "flush chain inet loa in; flush chain inet loa out;";
  for (const auto& [chain, device] : {std::pair{"in", "iifname"}, std::pair{"out", "oifname"}})
    if (percent >= 100) rules += fmt::format(" add rule inet loa {} {} far drop;", chain, device);
    else if (percent > 0) rules += fmt::format(" add rule inet loa {} {} far numgen random mod 100 < {} drop;", chain, device, percent);
  inside("nft '" + rules + "'");
}

void Netns::slow(int kbit) {
  run_shell(fmt::format("ip netns exec {} tc qdisc del dev far root", name_));
  run_shell(fmt::format("tc qdisc del dev {} root", cable_));
  if (kbit == 0) return;
  const auto bucket = fmt::format("root tbf rate {}kbit burst 1600 latency 3s", kbit);
  inside("tc qdisc add dev far " + bucket);
  must_run(fmt::format("tc qdisc add dev {} {}", cable_, bucket));
}

}  // namespace loa::tests
