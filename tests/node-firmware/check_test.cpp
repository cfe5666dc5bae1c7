#include "node-firmware/check.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "node-firmware/durable_file.hpp"
#include "node-firmware/folder_lock.hpp"
#include "node-firmware/marks.hpp"
#include "protocol/clock.hpp"
#include "protocol/hash.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/topics.hpp"
#include "test_controller.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/false_clock.hpp"
#include "tests/support/http_server.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

// `loa-node check` as an installer runs it, on a real broker and a real file server; each row breaks one thing.

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

constexpr const char* kNode = TestController::kNode;

TimePoint now() { return protocol::SystemClock().now(); }

std::string http_date(TimePoint time) {
  const std::time_t seconds = scheduler::to_ms(time) / 1000;
  std::array<char, 64> text{};
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text.data();
}

/// The lines of one run by their names, and how it ended.
struct Checked {
  int code = -1;
  std::map<std::string, std::string> lines;
  std::string whole;
};

class Pole {
 public:
  Pole() : broker_(folder_ / "broker", {kNode}) {
    std::filesystem::create_directory(folder_ / "stock");
    make_opus(folder_ / "stock" / "chime.opus", 1500);
    make_opus(folder_ / "stock" / "clip.opus", 1000, 880);
    files_ = std::make_unique<HttpServer>(
        [this](const HttpRequest&) {
          ServerAnswer answer;
          answer.body = "here";
          answer.date = http_date(now());
          answer.status = status;
          return answer;
        },
        tls_);
    broker_.start();
    publish_keys();
    write_bundle();
    write_settings("kind = \"wav\"\nfile = \"sound.wav\"\n");
  }

  void write_bundle() {
    auto bundle = controller.bundle();
    const auto settings = broker_.link_settings(kNode, &serial_);
    bundle.ca_pem = settings.ca_pem + tls_.ca_pem;
    bundle.tls_certificate_pem = settings.certificate_pem;
    bundle.tls_key_pem = settings.key_pem;
    bundle.brokers = brokers.empty() ? settings.addresses : brokers;
    bundle.files = files.empty() ? std::vector<std::string>{files_->base()} : files;
    node::write_durably(folder_ / "bundle.json", protocol::encode(bundle));
    node::write_durably(state() / "bundle.json", protocol::encode(bundle));
  }
  void write_settings(const std::string& sink) {
    node::write_durably(folder_ / "node.toml", "state_folder = \"state\"\nstock_folder = \"stock\"\n[sink]\n" + sink);
  }
  void write_plan(const std::function<void(scheduler::Plan&)>& change = {}) {
    scheduler::Plan plan;
    plan.node = kNode;
    plan.revision = 7;
    plan.made = now();
    plan.from = now() - 1h;
    plan.until = now() + 16 * 24h;
    plan.areas = controller.areas;
    scheduler::Occurrence one;
    one.due = now() + 1h;
    one.id = scheduler::occurrence_id("b-1", one.due);
    one.broadcast_id = "b-1";
    one.programme_id = "p-1";
    one.language = "vi";
    one.duration = 1s;
    scheduler::Item item;
    item.sha256 = protocol::sha256_hex_of_file(folder_ / "stock" / "clip.opus");
    item.bytes = static_cast<std::int64_t>(std::filesystem::file_size(folder_ / "stock" / "clip.opus"));
    item.duration = 1s;
    one.items = {item};
    plan.occurrences = {one};
    if (change) change(plan);
    node::write_durably(state() / "plan.jws", controller.plan(plan));
  }

  Checked check(std::vector<std::string> before = {}, std::vector<std::string> environment = {}, std::vector<std::string> more = {}) {
    auto words = std::move(before);
    words.insert(words.end(), {(program_folder() / "loa-node").string(), "check", "--config", (folder_ / "node.toml").string()});
    words.insert(words.end(), more.begin(), more.end());
    tests::Process program(words, {folder_.path(), "check" + std::to_string(++runs_), std::move(environment), folder_.path()});
    Checked checked;
    checked.code = program.wait(100s).value_or(-1);
    checked.whole = program.out() + program.err();
    std::istringstream out(checked.whole);
    for (std::string line; std::getline(out, line);) {
      const auto end = line.find("  ");
      if (end != std::string::npos) checked.lines[line.substr(0, end)] = line.substr(line.find_first_not_of(' ', end));
    }
    return checked;
  }

  std::filesystem::path state() {
    node::make_private_folder(folder_ / "state");
    return folder_ / "state";
  }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  tests::Broker& broker() { return broker_; }
  /// The broker lets this board in no more.
  void revoke() {
    broker_.authority().revoke(serial_, now());
    broker_.set_nodes({kNode});
  }

  TestController controller;
  std::vector<std::string> brokers, files;
  int status = 200;

 private:
  void publish_keys() {
    boost::asio::io_context loop;
    protocol::MosquittoLink link(loop.get_executor(), broker_.link_settings("controller"));
    bool done = false;
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [] { return protocol::ConnectTerms{}; };
    handlers.connected = [&](const auto&) {
      link.publish(protocol::keys_topic(), controller.key_set(), true, [&](protocol::PublishOutcome) { done = true; });
    };
    link.start(std::move(handlers));
    REQUIRE(run_until(loop, [&] { return done; }));
  }

  TempFolder folder_;
  tests::Broker broker_;
  TestTls tls_ = make_test_tls();
  std::unique_ptr<HttpServer> files_;
  std::string serial_;
  int runs_ = 0;
};

/// A TCP port that takes connections and never says a word.
class MuteServer {
 public:
  MuteServer() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 16);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~MuteServer() { ::close(fd_); }
  std::uint16_t port = 0;

 private:
  int fd_;
};

/// Prints what an installer would see of a modem.
std::string fake_modem(Pole& pole, const std::string& said) {
  std::filesystem::create_directory(pole / "programs");
  std::ofstream(pole / "programs/mmcli") << "#!/bin/sh\ncat <<'E'\n" << said << "\nE\n";
  std::filesystem::permissions(pole / "programs/mmcli", std::filesystem::perms::owner_all);
  return "PATH=" + (pole / "programs").string() + ":/usr/sbin:/usr/bin:/sbin:/bin";
}

}  // namespace

TEST_CASE("a board on which all is well says so in nine lines, and nothing that it keeps is changed") {
  Pole pole;
  pole.write_plan();
  std::map<std::string, std::string> before;
  const auto kept = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(pole.state()))
      if (entry.is_regular_file() && entry.path().filename() != "lock") files[entry.path()] = node::read_whole(entry.path(), 1 << 20).value();
    return files;
  };
  before = kept();
  const auto copies = [] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
      if (entry.path().filename().string().starts_with("loa-check-")) found.insert(entry.path());
    return found;
  };
  const auto copies_before = copies();
  const auto checked = pole.check();
  CHECK(copies() == copies_before);  // they would hold private keys
  INFO(checked.whole);
  CHECK(checked.code == 0);
  CHECK(checked.lines.size() == 9);
  for (const auto& [name, line] : checked.lines) CHECK_THAT(line, Catch::StartsWith("ok"));
  CHECK_THAT(checked.lines.at("bundle"), Catch::Contains("n-phu-bai-1 (HUE-PB-01)"));
  CHECK_THAT(checked.lines.at("broker"), Catch::Contains("takes it as n-phu-bai-1"));
  CHECK_THAT(checked.lines.at("plan"), Catch::Contains("revision 7"));
  CHECK(kept() == before);
  CHECK_FALSE(std::filesystem::exists(pole / "sound.wav"));
  CHECK(std::filesystem::exists(pole / "sound.wav.check"));
}

TEST_CASE("each thing that is wrong at the pole is named in its own line, with what to do") {
  struct Row {
    const char* name;
    const char* line;   ///< the one that must not be ok
    const char* words;
    std::function<void(Pole&)> break_it;
    std::vector<std::string> environment = {};
  };
  MuteServer mute;
  const std::vector<Row> rows{
      {"no bundle", "bundle", "has not joined yet", [](Pole& pole) { std::filesystem::remove(pole.state() / "bundle.json"); }},
      {"a bundle that is none", "bundle", "damaged", [](Pole& pole) { node::write_durably(pole.state() / "bundle.json", "{\"v\":1}"); }},
      {"a name that leads nowhere", "name lookup", "no-such-host.invalid", [](Pole& pole) {
         pole.brokers = {"mqtts://no-such-host.invalid:8883", pole.broker().address()};
         pole.write_bundle();
       }},
      {"no broker", "broker", "refused", [](Pole& pole) { pole.broker().stop(); }},
      {"a broker that accepts and says nothing", "broker", "no answer in time", [&mute](Pole& pole) {
         pole.brokers = {"mqtts://127.0.0.1:" + std::to_string(mute.port)};
         pole.write_bundle();
       }},
      {"a broker of another authority", "broker", "certificate is refused", [](Pole& pole) {
         auto bundle = protocol::decode_bundle(node::read_whole(pole.state() / "bundle.json", 1 << 20).value()).value();
         bundle.ca_pem = make_test_tls().ca_pem;
         node::write_durably(pole.state() / "bundle.json", protocol::encode(bundle));
       }},
      {"a board that was revoked", "broker", "loa node replace HUE-PB-01", [](Pole& pole) {
         pole.revoke();
       }},
      {"a broker that has not learnt the node's rights", "broker", "does not know this node's rights yet",
       [](Pole& pole) { pole.broker().set_nodes({"n-other"}); }},
      {"another controller's root key", "broker", "of another controller",
       [](Pole& pole) {
         auto bundle = protocol::decode_bundle(node::read_whole(pole.state() / "bundle.json", 1 << 20).value()).value();
         const TestController other;
         bundle.root_key = other.root.public_key();
         bundle.key_set = other.key_set();
         node::write_durably(pole.state() / "bundle.json", protocol::encode(bundle));
       }},
      {"no file server", "HTTPS", "127.0.0.1:1", [](Pole& pole) {
         pole.files = {"https://127.0.0.1:1"};
         pole.write_bundle();
       }},
      {"a file server without the plan's clip", "HTTPS", "answers 404", [](Pole& pole) { pole.status = 404; }},
      {"a clock that is an hour behind", "clock", "behind", {}, false_clock("-1h")},
      {"a clock that lost its battery", "clock", "behind", {}, false_clock("@1970-01-01 00:00:05")},
      {"no sound device", "sound device", "aplay -L", [](Pole& pole) { pole.write_settings("kind = \"alsa\"\ndevice = \"no-such-device\"\n"); }},
      {"an amplifier without a device", "amplifier", "aplay -L", [](Pole& pole) { pole.write_settings("kind = \"alsa\"\ndevice = \"no-such-device\"\n"); }},
      {"sound that goes nowhere", "sound device", "kind = \"alsa\"", [](Pole& pole) { pole.write_settings("kind = \"null\"\n"); }},
      {"no chime", "amplifier", "loa-stock", [](Pole& pole) { std::filesystem::remove(pole / "stock/chime.opus"); }},
      {"a chime that nobody hears", "amplifier", "volume is 0 %",
       [](Pole& pole) { pole.write_plan([](scheduler::Plan& plan) { plan.settings.volume = 0; }); }},
      {"a node that is mute", "plan", "unmute it", [](Pole& pole) { pole.write_plan([](scheduler::Plan& plan) { plan.settings.mute = true; }); }},
      {"no plan", "plan", "none yet", [](Pole& pole) { std::filesystem::remove(pole.state() / "plan.jws"); }},
      {"a plan that ended", "plan", "nothing sounds",
       [](Pole& pole) { pole.write_plan([](scheduler::Plan& plan) { plan.until = now() - 1min; plan.occurrences.clear(); }); }},
      {"a plan by nobody's key", "plan", "does not count",
       [](Pole& pole) { pole.controller.working.at("k-1") = protocol::PrivateKey::generate(); pole.write_plan(); }},
      {"a plan whose file is missing", "plan", "1 of its 1 files are not here", [](Pole& pole) { std::filesystem::remove(pole / "stock/clip.opus"); }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Pole pole;
      pole.write_plan();
      if (row.break_it) row.break_it(pole);
      const auto checked = pole.check({}, row.environment, row.line == std::string("amplifier") ? std::vector<std::string>{} : std::vector<std::string>{"--silent"});
      INFO(checked.whole);
      CHECK(checked.code == 1);
      REQUIRE(checked.lines.contains(row.line));
      CHECK_THAT(checked.lines.at(row.line), Catch::StartsWith("FIX"));
      CHECK_THAT(checked.lines.at(row.line), Catch::Contains(row.words));
    }
  }
}

TEST_CASE("the signal is what ModemManager says, and no network at all is said") {
  struct Row {
    const char* name;
    std::string modem;
    bool ok;
    const char* words;
    bool no_network = false;
  };
  const std::vector<Row> rows{
      {"a good signal", "modem.generic.state                 : connected\nmodem.generic.signal-quality.value  : 67", true, "67 %"},
      {"a weak signal", "modem.generic.signal-quality.value  : 9", false, "antenna"},
      {"a modem that is locked, and nothing else", "modem.generic.state : locked\nmodem.generic.signal-quality.value : 0", false, "PIN", true},
      {"no interface", "", false, "no network", true},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Pole pole;
      const auto path = fake_modem(pole, row.modem);
      if (!row.no_network) {
        std::ifstream route("/proc/net/route");
        if (std::string all(std::istreambuf_iterator<char>(route), {}); std::count(all.begin(), all.end(), '\n') < 2) {
          WARN("this machine has no network of its own: row not run");
          continue;
        }
      }
      std::vector<std::string> before{"env", path};
      if (row.no_network) before.insert(before.end(), {"unshare", "--net"});
      const auto checked = pole.check(before, {}, {"--silent"});
      INFO(checked.whole);
      CHECK_THAT(checked.lines.at("signal"), Catch::StartsWith(row.ok ? "ok" : "FIX"));
      CHECK_THAT(checked.lines.at("signal"), Catch::Contains(row.words));
    }
  }
}

TEST_CASE("beside the running node only TLS is tried, and its session goes on") {
  Pole pole;
  pole.write_plan();
  tests::Process node({(program_folder() / "loa-node").string(), "--config", (pole / "node.toml").string()}, {pole / "", "node", {}, pole / ""});
  const auto sessions = [&] {
    const auto log = pole.broker().log();
    std::size_t count = 0;
    for (std::size_t at = log.find(std::string("as ") + kNode); at != std::string::npos; at = log.find(std::string("as ") + kNode, at + 1)) ++count;
    return count;
  };
  for (const auto until = std::chrono::steady_clock::now() + 20s; sessions() == 0 && std::chrono::steady_clock::now() < until;)
    std::this_thread::sleep_for(20ms);
  REQUIRE(sessions() == 1);
  SECTION("no word of the controller yet") {
    const auto checked = pole.check({}, {}, {"--silent"});
    INFO(checked.whole);
    CHECK_THAT(checked.lines.at("broker"), Catch::StartsWith("FIX") && Catch::Contains("has not heard the controller yet"));
  }
  SECTION("a word of the controller a minute ago") {
    node::Marks marks;
    marks.by_key["k-1"].last_head_issued = now() - 90s;
    node::write_durably(pole.state() / "marks.json", node::write(marks));
    const auto checked = pole.check({}, {}, {"--silent"});
    INFO(checked.whole);
    CHECK_THAT(checked.lines.at("broker"), Catch::StartsWith("ok") && Catch::Contains("last heard the controller 1 min ago"));
  }
  SECTION("a word of the controller yesterday") {
    node::Marks marks;
    marks.by_key["k-1"].last_head_issued = now() - 24h;
    node::write_durably(pole.state() / "marks.json", node::write(marks));
    const auto checked = pole.check({}, {}, {"--silent"});
    CHECK_THAT(checked.lines.at("broker"), Catch::StartsWith("FIX") && Catch::Contains("journalctl -u loa-node"));
  }
  SECTION("a revoked certificate is told after the handshake") {
    node.signal(SIGSTOP);  // it would go and come back
    pole.revoke();
    const auto checked = pole.check({}, {}, {"--silent"});
    INFO(checked.whole);
    CHECK_THAT(checked.lines.at("broker"), Catch::StartsWith("FIX") && Catch::Contains("revoked"));
    node.signal(SIGCONT);
    return;
  }
  CHECK(node.running());
  CHECK(sessions() == 1);
  CHECK(pole.broker().log().find("already connected") == std::string::npos);
}

TEST_CASE("run by root, the check becomes the account that the node's folder belongs to") {
  if (::geteuid() != 0) return;
  Pole pole;
  pole.write_plan();
  constexpr uid_t kNobody = 65534;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pole.state())) REQUIRE(::chown(entry.path().c_str(), kNobody, kNobody) == 0);
  REQUIRE(::chown(pole.state().c_str(), kNobody, kNobody) == 0);
  std::filesystem::permissions(pole / "", std::filesystem::perms::all);
  const auto checked = pole.check();
  INFO(checked.whole);
  CHECK(checked.code == 0);
  struct stat made {};
  REQUIRE(::stat((pole / "sound.wav.check").c_str(), &made) == 0);
  CHECK(made.st_uid == kNobody);
}

TEST_CASE("a bundle is taken in by the account that the node's folder belongs to, and by no running node") {
  if (::geteuid() != 0) return;
  Pole pole;
  std::filesystem::remove(pole.state() / "bundle.json");
  constexpr uid_t kNobody = 65534;
  REQUIRE(::chown(pole.state().c_str(), kNobody, kNobody) == 0);
  std::filesystem::permissions(pole / "", std::filesystem::perms::all);
  std::filesystem::permissions(pole / "bundle.json", std::filesystem::perms::owner_read);
  const auto join = [&](const std::string& file) {
    tests::Process program({(program_folder() / "loa-node").string(), "join", (pole / file).string(), "--config", (pole / "node.toml").string()},
                           {pole / "", "join", {}, pole / ""});
    const auto code = program.wait(20s);
    return std::pair(code, program.out() + program.err());
  };
  CHECK(join("no-such.bundle").first == 66);
  CHECK(join("node.toml").first == 65);
  {
    const auto held = node::FolderLock::take(pole.state());
    CHECK(join("bundle.json").first == 1);
  }
  const auto [code, words] = join("bundle.json");
  INFO(words);
  CHECK(code == 0);
  CHECK_THAT(words, Catch::Contains("joined as n-phu-bai-1 (HUE-PB-01)"));
  struct stat made {};
  REQUIRE(::stat((pole.state() / "bundle.json").c_str(), &made) == 0);
  CHECK(made.st_uid == kNobody);
  CHECK((made.st_mode & 0777) == 0600);
}

TEST_CASE("a probe that gives no answer costs its own line and its own time") {
  std::mutex mutex;
  std::condition_variable over;
  bool let_go = false, ended = false;
  const std::vector<node::Probe> probes{
      {"first", 1s, [] { return node::Finding{true, "well"}; }, ""},
      {"stuck", 50ms,
       [&] {
         std::unique_lock lock(mutex);
         over.wait(lock, [&] { return let_go; });
         ended = true;
         over.notify_all();
         return node::Finding{true, "too late"};
       },
       "pull the plug"},
      {"broken", 1s, []() -> node::Finding { throw std::runtime_error("a wheel\nfell off"); }, ""},
  };
  std::vector<std::string> lines;
  bool left_behind = false;
  CHECK_FALSE(node::examine(probes, [&](const std::string& line) { lines.push_back(line); }, &left_behind));
  CHECK(left_behind);
  CHECK(lines == std::vector<std::string>{"first   ok   well", "stuck   FIX  no answer in 1 s: pull the plug", "broken  FIX  a wheel fell off"});
  std::unique_lock lock(mutex);
  let_go = true;
  over.notify_all();
  over.wait(lock, [&] { return ended; });
}

TEST_CASE("one program at a time acts on a state folder") {
  TempFolder folder;
  auto first = node::FolderLock::take(folder.path());
  REQUIRE(first);
  CHECK_FALSE(node::FolderLock::take(folder.path()));
  first.reset();
  CHECK(node::FolderLock::take(folder.path()));
  CHECK_THROWS_AS(node::FolderLock::take(folder / "nowhere"), std::system_error);
}
