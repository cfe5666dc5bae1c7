#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <set>

#include "node-firmware/check_probes.hpp"
#include "node-firmware/clip_shelf.hpp"
#include "node-firmware/durable_file.hpp"
#include "node-firmware/edge/modem.hpp"
#include "protocol/hash.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using scheduler::ClockQuality;
using scheduler::Millis;

namespace {

constexpr Millis kWrong{2000};      // the node itself follows the controller from there on
constexpr int kWeakSignal = 20;     // percent

std::string seconds(Millis time) { return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000); }

std::string span(Millis time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(std::chrono::abs(time)).count();
  if (whole < 120) return seconds(std::chrono::abs(time));
  if (whole < 7200) return fmt::format("{} min", whole / 60);
  return whole < 172'800 ? fmt::format("{} h", whole / 3600) : fmt::format("{} days", whole / 86'400);
}

/// Interfaces other than the loopback that are up and have an address.
std::set<std::string> interfaces_up() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  std::set<std::string> up;
  for (const auto* one = list; one; one = one->ifa_next) {
    const bool address = one->ifa_addr && (one->ifa_addr->sa_family == AF_INET || one->ifa_addr->sa_family == AF_INET6);
    if (address && (one->ifa_flags & IFF_UP) && (one->ifa_flags & IFF_RUNNING) && !(one->ifa_flags & IFF_LOOPBACK)) up.insert(one->ifa_name);
  }
  return up;
}

/// What ModemManager says, asked as the node asks it.
edge::ModemAnswer ask_for_modems() {
  boost::asio::io_context loop;
  std::optional<edge::ModemAnswer> answer;
  const edge::ModemQuestion question(loop.get_executor(), 8s, [&answer](edge::ModemAnswer said) { answer = std::move(said); });
  while (!answer && loop.run_one() > 0) {}
  return std::move(answer).value_or(edge::ModemAnswer{});
}

/// As far as the node fetches by its budget of data; nothing: as far as the plan goes.
std::optional<std::chrono::hours> fetches_ahead(const Standing& standing, scheduler::TimePoint now) {
  const auto& data = standing.settings().edge.data;
  if (!data) return std::nullopt;
  std::string kept;
  try {
    kept = read_whole(standing.settings().state_folder / "data-used", 1024).value_or("");
  } catch (const std::system_error&) {}
  edge::DataUsage usage(*data, standing.board().boot_id(), kept, [](const std::string&) {});
  const auto local = now + std::chrono::minutes(standing.plan()->utc_offset_minutes);
  usage.look(standing.board().monotonic(), std::chrono::floor<std::chrono::days>(local));
  return usage.ahead();
}

const char* kept_by(ClockQuality quality) {
  switch (quality) {
    case ClockQuality::synced: return "the system's clock is synchronised";
    case ClockQuality::rtc: return "from the battery-backed clock";
    case ClockQuality::held: return "as the controller last told it";
    default: return "";
  }
}

}  // namespace

Finding probe_bundle(Standing& standing) {
  const auto& bundle = standing.identity().bundle;
  std::string damage;
  for (const auto& loss : standing.identity().losses) damage += fmt::format("; {}: {}", loss.file, loss.why);
  for (const auto& loss : standing.keys().losses()) damage += fmt::format("; {}: {}", loss.file, loss.why);
  const auto keys = standing.keys().bundled() ? "still with the bundle's keys" : "with keys of its own";
  if (!damage.empty()) return {false, fmt::format("{} ({}), but its disk is damaged{}: change the card soon", bundle.node, bundle.code, damage)};
  return {true, fmt::format("{} ({}), {}", bundle.node, bundle.code, keys)};
}

Finding probe_clock(Standing& standing) {
  const auto& clock = standing.clock();
  const auto quality = clock.quality();
  if (standing.server_time) {
    const auto ahead = standing.server_time->ahead;
    const auto off = std::chrono::abs(ahead);
    if (off > kWrong + standing.server_time->bound)
      return {false, fmt::format("the system's clock is {} {}: install chrony and let it reach a time server (`chronyc tracking`)", span(ahead),
                                 ahead > Millis::zero() ? "behind" : "ahead")};
    const auto near = fmt::format("within {} of the file server's", seconds(off + standing.server_time->bound));
    if (clock.trusted()) return {true, fmt::format("{}, {}", kept_by(quality), near)};
    return {true, fmt::format("{}, but nothing keeps it so while the network is away: install chrony", near)};
  }
  if (clock.trusted()) return {true, fmt::format("{}; no file server told the time beside it", kept_by(quality))};
  return {false, "nobody told this board the time, and its own clock is not believed: no schedule will sound. Bring the network up, or install chrony"};
}

Finding probe_signal(Standing&) {
  const auto up = interfaces_up();
  const auto answer = ask_for_modems();
  const auto* best = edge::strongest(answer.modems);
  if (!answer.trouble.empty() && !answer.absent)
    return {false, fmt::format("ModemManager cannot be asked ({}): `systemctl restart ModemManager`", answer.trouble)};
  if (up.empty() && !answer.modems.empty() && !best)
    return {false, fmt::format("the modem is {}: look at SIM, PIN, APN (`mmcli -m any`) and antenna", edge::name_of_modem_state(answer.modems.front().state))};
  if (up.empty()) return {false, "no network: no interface but the loopback is up; look at cable, SIM or Wi-Fi (`ip address`)"};
  const auto through = fmt::format("{}", fmt::join(up, ", "));
  if (answer.modems.empty()) return {true, fmt::format("up through {}; no modem here whose signal could be read", through)};
  if (!best) return {true, fmt::format("up through {}; the modem is {} and tells no signal", through, edge::name_of_modem_state(answer.modems.front().state))};
  const auto which = answer.modems.size() == 1 ? std::string() : fmt::format(" ({}, the strongest of {} modems)", best->port, answer.modems.size());
  if (*best->percent < kWeakSignal) return {false, fmt::format("{} %{}, too weak for files: turn or move the antenna", *best->percent, which)};
  return {true, fmt::format("{} %{}, up through {}", *best->percent, which, through)};
}

Finding probe_plan(Standing& standing) {
  if (!standing.plan_fault().empty())
    return {false, fmt::format("the plan kept here does not count ({}): leave the node running with the network, and it gets another", standing.plan_fault())};
  if (!standing.plan())
    return {false, "none yet: let the node run with the network (`systemctl start loa-node`), wait a minute and try again"};
  const auto& plan = *standing.plan();
  const auto now = standing.now();
  if (plan.until <= now)
    return {false, fmt::format("it ended at {}, so that nothing sounds: this node has not heard the controller since; let it reach the broker",
                               scheduler::to_rfc3339(plan.until))};
  if (plan.settings.mute) return {false, "it mutes this node, alerts too: unmute it on the page, under its node"};
  std::set<std::string> shipped;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(standing.settings().stock_folder, none))
    if (entry.path().extension() == ".opus") shipped.insert(protocol::sha256_hex_of_file(entry.path()));
  const auto ahead = fetches_ahead(standing, now);
  std::size_t missing = 0, waiting = 0;
  const auto clips = wanted_clips(&plan, {}, now);
  for (const auto& clip : clips) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(standing.settings().state_folder / "clips" / (clip.sha256 + ".opus"), absent);
    if (!shipped.contains(clip.sha256) && (absent || size != static_cast<std::uintmax_t>(clip.bytes))) ++(ahead && clip.needed > now + *ahead ? waiting : missing);
  }
  if (missing > 0)
    return {false, fmt::format("{} of its {} files are not here yet: leave the node running with the network", missing, clips.size())};
  std::string next = "nothing is due in it";
  for (const auto& one : plan.occurrences)
    if (one.due > now) {
      next = "next at " + scheduler::to_rfc3339(one.due);
      break;
    }
  const auto here = waiting == 0 ? fmt::format("all {} files here", clips.size())
                                 : fmt::format("{} of {} files wait for the month's data and come {} h before they are due", waiting, clips.size(), ahead->count());
  return {true, fmt::format("revision {}, lasts until {}, {}, {}", plan.revision, scheduler::to_rfc3339(plan.until), here, next)};
}

}  // namespace loa::node
