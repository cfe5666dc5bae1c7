#include "tools/bench/sim_line.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "tests/support/process.hpp"
#include "tests/support/shell.hpp"

namespace loa::bench {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += word + " ";
  return all;
}

}  // namespace

SimLine::SimLine() : names_(kServers, net_.here()) {
  std::ofstream(folder_ / "resolv.conf") << "nameserver " << net_.here() << "\n";
  // A segment of a joined packet has no header that could be counted.
  const auto inside = joined(net_.run_inside());
  tests::must_run(inside + "ip link set dev far gso_max_segs 1");
  tests::must_run(fmt::format("ip link set dev $(ip -o addr show to {} | cut -d' ' -f2 | cut -d@ -f1) gso_max_segs 1", net_.here()));
}

std::vector<std::string> SimLine::run_inside() const {
  auto words = net_.run_inside();
  words.insert(words.end(), {"sh", "-c", "mount --bind '" + (folder_ / "resolv.conf").string() + "' /etc/resolv.conf && exec \"$@\"", "sh"});
  return words;
}

void SimLine::count(std::uint16_t mqtt_port, std::uint16_t https_port) {
  std::string rules = "table ip loa_bytes {\n";
  for (const char* name : {"mqtt", "https", "dns", "other"}) rules += fmt::format("  counter {0}_up {{}}\n  counter {0}_down {{}}\n", name);
  for (const auto& [chain, device, side, way] : {std::tuple{"input", "iifname", "sport", "down"}, std::tuple{"output", "oifname", "dport", "up"}}) {
    rules += fmt::format("  chain {} {{\n    type filter hook {} priority -10; policy accept;\n    {} != \"far\" accept\n", way, chain, device);
    rules += fmt::format("    tcp {} {} counter name mqtt_{} accept\n", side, mqtt_port, way);
    rules += fmt::format("    tcp {} {} counter name https_{} accept\n", side, https_port, way);
    rules += fmt::format("    udp {} 53 counter name dns_{} accept\n    counter name other_{}\n  }}\n", side, way, way);
  }
  std::ofstream(folder_ / "rules") << rules << "}\n";
  tests::must_run(joined(net_.run_inside()) + "nft -f " + (folder_ / "rules").string());
}

Counted SimLine::counted() const {
  auto words = net_.run_inside();
  words.insert(words.end(), {"nft", "-j", "list", "counters", "table", "ip", "loa_bytes"});
  const tests::TempFolder folder;
  tests::Process nft(words, {folder.path(), "nft", {}, {}});
  if (nft.wait(10s) != 0) throw std::runtime_error("nft: " + nft.err());
  std::map<std::string, std::int64_t> bytes;
  const auto said = json::parse(nft.out());
  for (const auto& one : said.at("nftables").as_array())
    if (const auto* counter = one.as_object().if_contains("counter"))
      bytes[std::string(counter->at("name").as_string())] = counter->at("bytes").to_number<std::int64_t>();
  const auto traffic = [&bytes](const std::string& name) { return Traffic{bytes.at(name + "_up"), bytes.at(name + "_down")}; };
  return {traffic("mqtt"), traffic("https"), traffic("dns"), traffic("other")};
}

void SimLine::settle(std::chrono::seconds quiet, std::chrono::seconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  auto last = counted().all();
  for (auto since = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() - since < quiet;) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("the line is never quiet");
    std::this_thread::sleep_for(500ms);
    const auto now = counted().all();
    if (now == last) continue;
    last = now;
    since = std::chrono::steady_clock::now();
  }
}

void SimLine::wait_for_more(std::chrono::seconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  const auto before = counted().all();
  while (counted().all() == before) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error(fmt::format("nothing goes over the line in {} s", limit.count()));
    std::this_thread::sleep_for(200ms);
  }
}

}  // namespace loa::bench
