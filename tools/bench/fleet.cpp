// A province's worth of nodes on a real broker and a real controller, each a process of its own: how long until all are ready after the
// broker was started anew, until a revoked node has no rights, until a new key set is everywhere.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/support/places.hpp"
#include "tests/system/village.hpp"
#include "tools/bench/simulated_node.hpp"

namespace {

using namespace loa;
using namespace std::chrono_literals;
namespace json = boost::json;
using bench::SimulatedNode;
using bench::Steady;
using Seconds = std::chrono::duration<double>;

double since(Steady::time_point begin) { return Seconds(Steady::now() - begin).count(); }

/// Processor seconds that a process has used so far (proc(5), stat: utime and stime).
double cpu_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string word;
  double ticks = 0;
  for (int field = 3; rest >> word && field <= 15; ++field)
    if (field >= 14) ticks += std::stod(word);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Watches what a process uses of one core, second by second.
class Load {
 public:
  explicit Load(pid_t pid) : pid_(pid), last_(cpu_of(pid)), first_(last_), at_(Steady::now()) {}
  void look() {
    const auto gone = since(at_);
    if (gone < 1) return;
    const auto now = cpu_of(pid_);
    peak_ = std::max(peak_, (now - last_) / gone);
    last_ = now;
    at_ = Steady::now();
  }
  double peak() const { return peak_; }
  double used() const { return cpu_of(pid_) - first_; }

 private:
  pid_t pid_;
  double last_, first_, peak_ = 0;
  Steady::time_point at_;
};

class Fleet {
 public:
  explicit Fleet(int count) {
    for (int i = 0; i < count; ++i) add(fmt::format("S-{:04}", i));
  }

  void add(const std::string& code) {
    const auto made = village.admin().post("/nodes", {{"code", code}, {"area", tests::Village::kWard}, {"name", code}});
    auto bundle = protocol::decode_bundle(tests::text(made, "bundle"));
    if (!bundle) throw std::runtime_error("the bundle of " + code + ": " + bundle.error().message);
    nodes.push_back(std::make_unique<SimulatedNode>(loop.get_executor(), std::move(*bundle)));
  }
  void start() {
    for (const auto& node : nodes) node->start();
  }
  std::size_t ready() const {
    return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node->ready(); }));
  }
  void until(const char* what, std::chrono::seconds limit, const std::function<bool()>& done, const std::function<void()>& each = {}) {
    const auto begin = Steady::now();
    while (!done()) {
      if (Steady::now() - begin > limit)
        throw std::runtime_error(fmt::format("{} took longer than {} s; {} of {} nodes are ready", what, limit.count(), ready(), nodes.size()));
      loop.restart();
      loop.run_for(20ms);
      for (const auto& node : nodes) node->look();
      if (each) each();
    }
  }
  /// Runs one of the project's programs while the nodes live on; its seconds.
  double beside(std::vector<std::string> argv, const std::string& name) {
    const auto begin = Steady::now();
    tests::Process process(std::move(argv), {village.folder(), name, {}, {}});
    until(name.c_str(), 120s, [&] { return !process.running(); });
    if (process.wait(1s) != 0) throw std::runtime_error(name + ": " + process.out() + process.err());
    return since(begin);
  }

  tests::Village village;
  boost::asio::io_context loop;
  std::vector<std::unique_ptr<SimulatedNode>> nodes;
};

void restart_broker(Fleet& fleet) {
  const auto count = fleet.nodes.size();
  std::vector<int> sessions;
  for (const auto& node : fleet.nodes) sessions.push_back(node->sessions());
  fleet.village.broker().stop();
  fleet.until("the loss of every session", 60s, [&] {
    return std::none_of(fleet.nodes.begin(), fleet.nodes.end(), [](const auto& node) { return node->connected(); });
  });
  fleet.village.start_broker();
  const auto begin = Steady::now();
  Load broker(fleet.village.broker().pid()), controller(fleet.village.controller().pid());
  double half = 0;
  fleet.until("the return of all", 300s, [&] { return fleet.ready() == count; }, [&] {
    broker.look();
    controller.look();
    if (half == 0 && fleet.ready() >= count / 2) half = since(begin);
  });
  fmt::print("broker started anew, {} nodes: half ready after {:.1f} s, all after {:.1f} s (jitter up to 60 s)\n", count, half, since(begin));
  fmt::print("  peak of one core: broker {:.0f} %, controller {:.0f} %; in all {:.2f} and {:.2f} CPU s\n", broker.peak() * 100,
             controller.peak() * 100, broker.used(), controller.used());
}

void revoke_one(Fleet& fleet) {
  auto& one = *fleet.nodes.back();
  fleet.until("the node's return", 60s, [&] { return one.ready(); });
  const auto begin = Steady::now();
  tests::Process process({(tests::program_folder() / "loa").string(), "--session", (fleet.village.folder() / "admin.session").string(), "node",
                          "revoke", one.code()},
                         {fleet.village.folder(), "revoke", {}, {}});
  // As long as it may read, every question is answered; one without an answer for 2 s is the end.
  double end = -1;
  auto asked = Steady::now();
  fleet.until("the end of its rights", 60s, [&] {
    if (Steady::now() - asked > 25ms) {
      asked = Steady::now();
      one.ask();
    }
    end = Seconds(one.last_heard() - begin).count();
    return !process.running() && Steady::now() - std::max(one.last_heard(), begin) > 2s;
  });
  if (process.wait(1s) != 0) throw std::runtime_error("node revoke: " + process.err());
  fmt::print("node revoke beside {} others: the last right ended {:.0f} ms after the command began\n", fleet.nodes.size() - 1, std::max(0.0, end) * 1000);
  fleet.nodes.pop_back();
}

void rotate_key(Fleet& fleet) {
  const auto number = fleet.nodes.front()->key_set();
  const auto& folder = fleet.village.folder();
  const auto begin = Steady::now();
  const auto command = fleet.beside({(tests::program_folder() / "loa").string(), "keys", "rotate", "--root", (folder / "root.pem").string(),
                                     "--controller", (folder / "controller").string()},
                                    "rotate");
  fleet.until("the new key set everywhere", 120s, [&] {
    return std::all_of(fleet.nodes.begin(), fleet.nodes.end(), [&](const auto& node) { return node->key_set() > number; });
  });
  std::vector<double> times;
  for (const auto& node : fleet.nodes) times.push_back(Seconds(node->key_set_at() - begin).count());
  std::sort(times.begin(), times.end());
  fmt::print("keys rotate, {} nodes: command {:.2f} s; the new key set had reached half after {:.2f} s, all after {:.2f} s\n", times.size(), command,
             times[times.size() / 2], times.back());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Simulated nodes on a real Mosquitto and a real controller: return after a broker's restart, revocation, key rotation.");
  int count = 1000;
  std::vector<std::string> wanted{"restart", "revoke", "rotate"};
  app.add_option("--nodes", count, "how many; three open files each")->check(CLI::Range(2, 6000))->capture_default_str();
  app.add_option("--measure", wanted, "restart, revoke, rotate")->check(CLI::IsMember({"restart", "revoke", "rotate"}))->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  try {
    const auto begin = Steady::now();
    Fleet fleet(count);
    fmt::print("{} nodes added in {:.1f} s\n", count, since(begin));
    fleet.start();
    const auto connecting = Steady::now();
    fleet.until("the first connect", 300s, [&] { return fleet.ready() == fleet.nodes.size(); });
    fmt::print("all ready {:.1f} s after the first connect\n", since(connecting));
    for (const auto& what : wanted) {
      std::fflush(stdout);
      if (what == "restart") restart_broker(fleet);
      if (what == "revoke") revoke_one(fleet);
      if (what == "rotate") rotate_key(fleet);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-fleet: {}\n", error.what());
    return 1;
  }
}
