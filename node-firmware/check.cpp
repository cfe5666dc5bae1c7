#include "node-firmware/check.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <thread>

#include "node-firmware/check_probes.hpp"
#include "node-firmware/check_state.hpp"

namespace loa::node {

using namespace std::chrono_literals;

namespace {

// What several things say about one another stays on one line of a terminal.
std::string one_line(std::string words) {
  std::replace(words.begin(), words.end(), '\n', ' ');
  return words;
}

/// Nothing where no answer came in time.
std::optional<Finding> answer_of(const Probe& probe) {
  auto promise = std::make_shared<std::promise<Finding>>();
  auto answer = promise->get_future();
  std::thread([promise, look = probe.look] {
    try {
      promise->set_value(look());
    } catch (const std::exception& error) {
      promise->set_value({false, error.what()});
    }
  }).detach();
  if (answer.wait_for(probe.limit) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace

bool examine(const std::vector<Probe>& probes, const std::function<void(const std::string&)>& say, bool* left_behind) {
  std::size_t width = 0;
  for (const auto& probe : probes) width = std::max(width, probe.name.size());
  bool all = true;
  for (const auto& probe : probes) {
    auto finding = answer_of(probe);
    if (!finding) {
      if (left_behind) *left_behind = true;
      finding = Finding{false, fmt::format("no answer in {} s: {}", std::chrono::ceil<std::chrono::seconds>(probe.limit).count(), probe.stuck)};
    }
    all = all && finding->ok;
    say(fmt::format("{:<{}}  {:<3}  {}", probe.name, width, finding->ok ? "ok" : "FIX", one_line(finding->words)));
  }
  return all;
}

int check(const CommandLine& line, const Settings& settings) {
  spdlog::set_level(spdlog::level::off);  // the lines below are all that is to be read
  std::string refused;
  std::shared_ptr<Standing> standing;
  try {
    standing = std::make_shared<Standing>(settings, line.bundle, line.silent);
  } catch (const std::exception& error) {
    refused = error.what();
  }
  // Without a bundle there is nothing to connect with, but cables and loudspeakers can be seen to.
  if (!standing) standing = std::make_shared<Standing>(settings, line.silent);
  const auto with = [standing, &refused](Finding (*look)(Standing&)) {
    return [standing, look, joined = refused.empty()]() -> Finding {
      return joined ? look(*standing) : Finding{false, "not tried, because it needs the bundle"};
    };
  };
  const auto alone = [standing](Finding (*look)(Standing&)) { return [standing, look] { return look(*standing); }; };
  const std::vector<Probe> probes{
      {"bundle", 5s, [standing, refused] { return refused.empty() ? probe_bundle(*standing) : Finding{false, refused}; }, "the disk does not answer"},
      {"name lookup", 10s, with(probe_names), "no name server answers: look at the network's DNS (`resolvectl status`, /etc/resolv.conf)"},
      {"broker", 30s, with(probe_broker), "something between here and the broker swallows the connection: look at SIM, APN and firewalls"},
      {"HTTPS", 20s, with(probe_https), "something between here and the file server swallows the connection: look at SIM, APN and firewalls"},
      {"clock", 5s, alone(probe_clock), "the system's clock does not answer"},
      {"signal", 10s, alone(probe_signal), "ModemManager does not answer: `systemctl restart ModemManager`"},
      {"sound device", settings.line_out.device.empty() ? 10s : 20s, alone(probe_device), "the sound device hangs: look at its cable, then restart the board"},
      {"amplifier", 25s + (settings.edge.amplifier ? settings.edge.amplifier->timing.on_before : 0ms), alone(probe_amplifier), "the sound device hangs while it plays: look at its cable, then restart the board"},
      {"plan", 5s, with(probe_plan), "the disk does not answer"},
  };
  bool left_behind = false;
  const bool all = examine(probes, [](const std::string& text) {
    fmt::print("{}\n", text);
    std::fflush(stdout);
  }, &left_behind);
  const int code = all ? kExitOk : kExitBroken;
  if (!left_behind) return code;
  standing->amplifier().off();
  std::_Exit(code);
}

}  // namespace loa::node
