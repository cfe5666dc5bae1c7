// What an ordinary day costs on a node's SIM card: IP bytes both ways, counted by the kernel on the one cable of a real node, beside the clips'
// own bytes. A day is reckoned from its events, each of which is measured: the table says how often each was made and how often it counts.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

#include "tests/support/slow_proxy.hpp"
#include "tests/system/village.hpp"
#include "tools/bench/sim_line.hpp"

namespace {

using namespace std::chrono_literals;
using namespace loa::bench;
using loa::tests::eventually;
using loa::tests::text;
using loa::tests::Village;
namespace json = boost::json;
namespace fs = std::filesystem;

constexpr const char* kNode = "SIM-01";
constexpr double kGoal = 1.2;
constexpr auto kQuiet = 17s;  // the node says counts that changed at most 15 s later
constexpr int kProgrammes = 3, kReconnects = 20, kPlans = kProgrammes + 1;
constexpr int kDays = 16;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

/// Mean bytes of one event, both ways.
struct Each {
  double up = 0, down = 0;
  int made = 1;  ///< how many were measured
};

Each each_of(const Traffic& all, int made) { return {static_cast<double>(all.up) / made, static_cast<double>(all.down) / made, made}; }

/// One line of the day.
struct Cause {
  std::string name;
  Each each;
  double times = 1;  ///< in a day
  double bytes() const { return (each.up + each.down) * times; }
};

/// A Loa whose one node is at the end of a line on which everything is counted.
class Measured {
 public:
  Measured() : village_("loa-controller", place()) {
    line_.count(broker_way_->port(), files_way_->port());
    village_.add_node(kNode, Village::kWard);
  }

  /// What `event` costs until nothing more of it comes.
  Counted spent(const std::function<void()>& event) {
    const auto before = line_.counted();
    event();
    line_.settle(kQuiet);
    return line_.counted() - before;
  }

  void start() { village_.start_node(kNode, {line_.run_inside(), {}}); }
  void restart(const std::string& settings) {
    village_.node(kNode).stop();
    write(village_.node_folder(kNode) / "node.toml", settings);
    start();
    must(eventually(60s, [this] { return ready(); }), "the node does not come back");
    line_.settle(kQuiet);
  }
  std::string settings() const { return content(village_.node_folder(kNode) / "node.toml"); }

  bool ready() {
    const auto node = village_.admin().get("/nodes/" + village_.node_id(kNode));
    const auto* report = node.as_object().if_contains("report");
    return report && node.as_object().contains("wanted_plan") && report->at("plan_verified") == node.at("wanted_plan") && text(node, "status") != "gone";
  }
  /// A programme on this node alone; waits until it holds it with its clip. The broadcast's id.
  std::string schedule(const std::string& programme, std::chrono::seconds ahead, json::object more = {}) {
    more["areas"] = json::array{};
    more["nodes"] = json::array{json::value(village_.node_id(kNode))};
    const auto id = village_.schedule(programme, ahead, more);
    std::this_thread::sleep_for(300ms);  // until the controller has said what it now wants
    must(eventually(120s, [this] { return ready(); }), "the plan or its clip does not come");
    return id;
  }
  /// Ends the session from the far side, and waits for the next one.
  void drop_session() {
    const int before = broker_way_->connections();
    broker_way_->cut();
    must(eventually(120s, [&] { return broker_way_->connections() > before; }), "the node does not connect again");
  }
  /// A TLS handshake with the node's own certificate, and nothing after it.
  void shake_hands(std::uint16_t port) {
    const auto own = json::parse(content(village_.node_folder(kNode) / "state/own-keys.json"));
    write(village_.folder() / "own.pem", text(own, "certificate_pem"));
    write(village_.folder() / "own.key", text(own, "tls_key_pem"));
    auto words = line_.run_inside();
    // One second for what the server says after the handshake.
    words.insert(words.end(), {"sh", "-c", fmt::format("sleep 1 | openssl s_client -connect {0}:{1} -servername {0} -CAfile '{2}/controller/authority/ca.pem' "
                                                       "-cert '{2}/own.pem' -key '{2}/own.key' -verify_return_error", SimLine::kServers, port, village_.folder().string())});
    village_.run(words, "handshake");
  }

  static void must(bool holds, const char* why) {
    if (!holds) throw std::runtime_error(why);
  }

  Village& village() { return village_; }
  const SimLine& line() const { return line_; }
  std::uint16_t broker_port() const { return broker_way_->port(); }
  std::uint16_t files_port() const { return files_way_->port(); }
  int fetch_connections() const { return files_way_->connections(); }
  std::uintmax_t plan_bytes() const { return fs::file_size(village_.node_folder(kNode) / "state/plan.jws"); }

 private:
  Village::Place place() {
    const auto way = [this](std::unique_ptr<loa::tests::SlowProxy>& proxy) {
      return [this, &proxy](std::uint16_t port) {
        proxy = std::make_unique<loa::tests::SlowProxy>(port, line_.here(), 0);
        return proxy->port();
      };
    };
    return {line_.here(), SimLine::kServers, way(broker_way_), way(files_way_)};
  }

  SimLine line_;
  std::unique_ptr<loa::tests::SlowProxy> broker_way_, files_way_;
  Village village_;
};

/// Five minutes of speech.
std::string five_minutes(int number) {
  std::string words;
  for (int i = 1; i <= 37; ++i) words += fmt::format("Kính thưa bà con. Người thuê nhà số {} đăng ký tạm trú tại công an phường trước ngày {}/12/2026. ", number * 50 + i, 1 + i % 28);
  return words;
}

struct Clip {
  std::string programme;
  double bytes = 0, seconds = 0;
};

Clip speak(Village& village, const std::string& title, const std::string& words) {
  Clip clip{village.approved_programme(title, words)};
  const auto made = village.officer().get("/programmes/" + clip.programme).at("clip");
  clip.bytes = made.at("bytes").to_number<double>();
  clip.seconds = made.at("duration_ms").to_number<double>() / 1000;
  return clip;
}

/// States of a day that are sent only because half an hour has passed since the last one: each reconnect, new plan, begin and end of a programme brings one
/// of its own, at any time of the day, so that a gap between them is longer than t with the chance e^(-t / mean gap).
double states_of_half_hours() {
  constexpr double kMinutes = 24 * 60, kEvents = kReconnects + kPlans + 2 * kProgrammes;
  return kEvents / (std::exp(30 * kEvents / kMinutes) - 1);
}

/// From one ping to the next, with the kernel's probes between: what a node with nothing else to say asks of its line.
Cause keep_alives(Measured& measured) {
  constexpr std::int64_t kMostOfAProbe = 150, kMostOfAPing = 400;  // a segment of no byte and its answer; a TLS record each way with the acknowledgements
  constexpr int kTries = 5;                                        // a state, which is longer than both, may come between
  const auto& line = measured.line();
  for (int tried = 0; tried < kTries; ++tried) {
    std::optional<std::chrono::steady_clock::time_point> ping;
    Traffic spent;
    int probes = 0;
    while (true) {
      const auto before = line.counted().mqtt;
      line.wait_for_more(600s);
      const auto now = std::chrono::steady_clock::now();
      line.settle(3s);
      const auto more = line.counted().mqtt - before;
      if (more.both() > kMostOfAPing) break;
      spent = spent + more;
      const bool probe = more.both() <= kMostOfAProbe;
      probes += probe;
      if (probe) continue;
      if (ping) {
        const auto period = std::chrono::duration<double>(now - *ping).count();
        return {fmt::format("asking the line: {} probes and a ping each {:.0f} s", probes, period), each_of(spent, 1), 24 * 3600 / period};
      }
      ping = now;
      spent = {};
      probes = 0;
    }
  }
  throw std::runtime_error("between two pings something else was said each time");
}

Cause states(Measured& measured) {
  constexpr int kMade = 3;
  const auto before = measured.settings();
  measured.village().node(kNode).stop();
  write(measured.village().node_folder(kNode) / "node.toml", before + "\n[times]\nstate_period = \"20s\"\n");
  measured.start();
  Measured::must(eventually(60s, [&] { return measured.ready(); }), "the node does not come back");
  std::this_thread::sleep_for(25s);  // counts that changed are said by then
  const auto& line = measured.line();
  const auto state = [&] {
    line.wait_for_more(40s);
    line.settle(5s);
  };
  state();
  const auto from = line.counted().mqtt;
  for (int i = 0; i < kMade; ++i) state();
  const auto all = line.counted().mqtt - from;
  measured.restart(before);
  return {"states of half hours without another, with heads", each_of(all, kMade), states_of_half_hours()};
}

void print(const std::vector<Cause>& causes, double payload, bool as_json) {
  double sum = 0;
  for (const auto& cause : causes) sum += cause.bytes();
  if (as_json) {
    for (const auto& cause : causes)
      fmt::print("{{\"cause\":\"{}\",\"measured\":{},\"up\":{:.0f},\"down\":{:.0f},\"a_day\":{:.1f},\"bytes\":{:.0f}}}\n", cause.name, cause.each.made, cause.each.up,
                 cause.each.down, cause.times, cause.bytes());
    fmt::print("{{\"payload\":{:.0f},\"bytes\":{:.0f},\"ratio\":{:.3f},\"goal\":{}}}\n", payload, sum, sum / payload, kGoal);
    return;
  }
  fmt::print("{:<52} {:>8} {:>9} {:>9} {:>7} {:>9} {:>8}\n", "IP BYTES OF A DAY", "MEASURED", "UP EACH", "DOWN EACH", "A DAY", "KB A DAY", "/ CLIPS");
  for (const auto& cause : causes)
    fmt::print("{:<52} {:>8} {:>9.0f} {:>9.0f} {:>7.0f} {:>9.1f} {:>8.3f}\n", cause.name, cause.each.made, cause.each.up, cause.each.down, cause.times, cause.bytes() / 1000,
               cause.bytes() / payload);
  fmt::print("{:<52} {:>8} {:>9} {:>9} {:>7} {:>9.1f} {:>8.3f}\n", "all", "", "", "", "", sum / 1000, sum / payload);
  fmt::print("goal: at most {:.1f} of the clips' {:.1f} kB: {}\n", kGoal, payload / 1000, sum <= kGoal * payload ? "ok" : "MISSED");
}

void add(std::vector<Cause>& causes, const char* name, const Traffic& all, int made, double times) { causes.push_back({name, each_of(all, made), times}); }

bool bench(int reconnects, bool as_json) {
  Measured measured;
  auto& village = measured.village();
  const auto say = [](const char* what) { fmt::print(stderr, "{}\n", what); };
  say("speaking");
  std::vector<Clip> clips;
  for (int i = 0; i < kProgrammes; ++i) clips.push_back(speak(village, fmt::format("Thông báo số {}", i + 1), five_minutes(i)));
  const auto small = speak(village, "Đăng ký tạm trú", Village::kTwoSentences);

  say("a new board joins");
  const auto join = measured.spent([&] {
    measured.start();
    Measured::must(eventually(60s, [&] { return measured.ready(); }), "the node does not become ready");
  });
  const json::object daily{{"rrule", fmt::format("FREQ=DAILY;COUNT={}", kDays)}};
  for (int i = 0; i < kProgrammes; ++i) measured.schedule(small.programme, (2 + i) * 1h, daily);
  measured.line().settle(kQuiet);

  std::vector<Cause> causes;
  double payload = 0;
  for (const auto& clip : clips) payload += clip.bytes;

  say("plans and clips");
  Counted fetched;
  const int connections = measured.fetch_connections();
  for (int i = 0; i < kProgrammes; ++i) {
    const auto spent = measured.spent([&] { measured.schedule(clips[static_cast<std::size_t>(i)].programme, (20 + i) * 1h); });
    fetched = {fetched.mqtt + spent.mqtt, fetched.https + spent.https, fetched.dns + spent.dns, fetched.other + spent.other};
  }
  const int fetches = measured.fetch_connections() - connections;

  say("handshakes");
  constexpr int kHandshakes = 3;
  const auto hands = [&](std::uint16_t port) {
    const auto before = measured.line().counted();
    for (int i = 0; i < kHandshakes; ++i) measured.shake_hands(port);
    return measured.line().counted() - before;
  };
  const auto https_hands = hands(measured.files_port()).https;
  const auto mqtt_hands = hands(measured.broker_port()).mqtt;

  say("reconnects");
  Counted sessions;
  for (int i = 0; i < reconnects; ++i) {
    const auto spent = measured.spent([&] { measured.drop_session(); });
    sessions = {sessions.mqtt + spent.mqtt, sessions.https + spent.https, sessions.dns + spent.dns, sessions.other + spent.other};
  }

  say("plays");
  Traffic plays;
  int played = 0;
  for (; played < kProgrammes; ++played) {
    const auto broadcast = measured.schedule(small.programme, 75s);
    measured.line().settle(kQuiet);
    plays = plays + measured.spent([&] { Measured::must(!village.wait_for_records("broadcast=" + broadcast, 1, 90s).empty(), "no record comes"); }).mqtt;
  }

  const auto shake = each_of(https_hands, kHandshakes), session_shake = each_of(mqtt_hands, kHandshakes);
  causes.push_back({fmt::format("clips: {} of {:.0f} s", kProgrammes, clips[0].seconds), {0, payload / kProgrammes, kProgrammes}, kProgrammes});
  causes.push_back({"clips: TCP and TLS handshakes", shake, kProgrammes});  // hours lie between them: the server has ended the connection
  auto rest = each_of(fetched.https, kProgrammes);
  rest.up -= shake.up * fetches / kProgrammes;
  rest.down -= payload / kProgrammes + shake.down * fetches / kProgrammes;
  causes.push_back({"clips: packets, acknowledgements, TLS records, HTTP", rest, kProgrammes});
  say("keep-alives");
  causes.push_back(keep_alives(measured));
  say("states");
  causes.push_back(states(measured));
  causes.push_back({"reconnects: TCP and TLS handshakes", session_shake, kReconnects});
  auto session = each_of(sessions.mqtt, reconnects);
  session.up -= session_shake.up;
  session.down -= session_shake.down;
  causes.push_back({"reconnects: session, subscriptions, state, head", session, kReconnects});
  add(causes, "plans: each programme's and the day's renewal", fetched.mqtt, kProgrammes, kPlans);
  add(causes, "plays: states, heads, record, acknowledgement", plays, played, kProgrammes);
  add(causes, "names: at each reconnect", sessions.dns, reconnects, kReconnects);
  add(causes, "names: at each clip, as at a reconnect", sessions.dns, reconnects, kProgrammes);
  print(causes, payload, as_json);

  for (int i = 0; i < kProgrammes; ++i) measured.schedule(small.programme, (6 + i) * 1h, daily);
  fmt::print("{}\n", as_json ? fmt::format("{{\"join\":{},\"other\":{},\"plan_16x6\":{}}}", join.all().both(), measured.line().counted().other.both(), measured.plan_bytes())
                             : fmt::format("beside the day: a new board's first minute {:.1f} kB; a signed plan of {} days x {} occurrences {} bytes; packets of no cause {} bytes",
                                           static_cast<double>(join.all().both()) / 1000, kDays, 2 * kProgrammes, measured.plan_bytes(), measured.line().counted().other.both()));
  double sum = 0;
  for (const auto& cause : causes) sum += cause.bytes();
  return sum <= kGoal * payload;
}

}  // namespace

int main(int argc, char** argv) {
  int reconnects = 6;
  bool as_json = false;
  CLI::App app("IP bytes of an ordinary day over a node's SIM card, beside the clips themselves; needs root");
  app.add_option("--reconnects", reconnects, "reconnects to measure")->check(CLI::Range(1, 20))->capture_default_str();
  app.add_flag("--json", as_json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  try {
    if (const auto why = loa::tests::Netns::missing(); !why.empty()) throw std::runtime_error(why);
    return bench(reconnects, as_json) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-sim-bytes: {}\n", error.what());
    return 2;
  }
}
