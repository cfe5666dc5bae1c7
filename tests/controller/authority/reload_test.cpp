#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "controller/authority/broker_reload.hpp"
#include "controller/authority/files.hpp"
#include "controller/authority/live_broker_files.hpp"
#include "controller/authority/reload_reminders.hpp"
#include "protocol/authorities.hpp"
#include "protocol/hash.hpp"
#include "protocol/topics.hpp"
#include "tests/link/link_owner.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;
using namespace std::chrono_literals;
using tests::LinkOwner;

namespace {

TimePoint now() { return protocol::SystemClock().now(); }

struct Fixture {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  tests::Broker broker{folder.path(), {"n-1", "n-2"}};
  Fixture() { broker.start(); }

  ReloadSettings settings() {
    ReloadSettings reload;
    reload.source = broker.source();
    reload.live = broker.live();
    reload.pid_file = broker.pid_file();
    return reload;
  }
  void list_again() {
    std::string ready;
    for (const char* name : kBrokerFiles)
      ready += protocol::sha256_hex_of_file(broker.source() / name) + "  " + name + "\n";
    write_file(broker.source() / kReadyFile, ready, 0644);
  }
  /// Whether a message that n-1 publishes to a topic of n-2 arrives: with a broken ACL it would.
  bool may_overstep() {
    LinkOwner node(loop, broker.link_settings("n-1"));
    LinkOwner controller(loop, broker.link_settings("controller"));
    REQUIRE((node.connect() && controller.connect()));
    controller.link->subscribe(protocol::state_topic("+"));
    REQUIRE(controller.settle());
    REQUIRE(node.publish(protocol::state_topic("n-2"), "overstepped"));
    REQUIRE(node.publish(protocol::state_topic("n-1"), "last"));
    REQUIRE(controller.receives("last"));
    return controller.find("overstepped") != nullptr;
  }
  bool can_connect(const protocol::LinkSettings& link) {
    LinkOwner node(loop, link);
    node.start();
    node.until([&] { return !node.sessions.empty() || node.reasons.size() >= 2; });
    return !node.sessions.empty();
  }
  std::string live(const char* name) { return read_file(broker.live() / name); }
  tests::Process helper(std::vector<std::string> more = {}) {
    std::vector<std::string> argv{(tests::program_folder() / "loa-broker-reload").string(), broker.source().string(), broker.live().string(),
                                  "--pid-file", broker.pid_file().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return tests::Process(argv, {folder.path(), "helper", {}, {}});
  }
};

/// A program named mosquitto that copies the live ACL to `loaded` at each SIGHUP but the second, which is lost on it.
class DeafBroker {
 public:
  explicit DeafBroker(const tests::Broker& broker, const std::filesystem::path& folder)
      : pid_file_(folder / "deaf.pid"), live_(broker.live() / "acl"), wanted_(broker.source() / "acl"), loaded_(folder / "loaded"), process_(start(folder)) {
    REQUIRE(process_.wait_for_line("running", 10s));
    write_file(pid_file_, std::to_string(process_.pid()) + "\n", 0644);
  }
  const std::filesystem::path& pid_file() const { return pid_file_; }
  /// Whether it comes to work with the ACL of the source folder.
  bool follows() {
    for (const auto until = std::chrono::steady_clock::now() + 15s; std::chrono::steady_clock::now() < until;) {
      if (std::filesystem::exists(loaded_) && read_file(loaded_) == read_file(wanted_)) return true;
      process_.wait(10ms);
    }
    return false;
  }

 private:
  tests::Process start(const std::filesystem::path& folder) {
    const auto program = folder / "fake" / "mosquitto";
    std::filesystem::create_directories(program.parent_path());
    write_file(program,
               "#!/bin/sh\nheard=0\n"
               "trap 'heard=$((heard+1)); [ $heard = 2 ] || { cp \"$1\" \"$2.new\"; mv \"$2.new\" \"$2\"; }' HUP\n"
               "echo running\nwhile :; do sleep 1 & wait $!; done\n",
               0755);
    return tests::Process({program.string(), live_.string(), loaded_.string()}, {folder, "deaf", {}, {}});
  }
  std::filesystem::path pid_file_;
  std::filesystem::path live_;
  std::filesystem::path wanted_;
  std::filesystem::path loaded_;
  tests::Process process_;
};

/// Whether the broker learns within a few sessions what `node` may write. The signal is read between two rounds of the broker, and
/// rights that come later do not reach a session that is there already.
bool gets_its_rights(LinkOwner& node, const std::string& id, LinkOwner& controller) {
  for (int session = 0; session < 5; ++session) {
    if (node.publish(protocol::state_topic(id), "joined") && controller.receives("joined", 500ms)) return true;
    const auto sessions = node.sessions.size();
    node.link->renew();
    if (!node.until([&] { return node.sessions.size() > sessions; })) return false;
  }
  return false;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a set for eight thousand nodes of two formats, and as many certificates revoked, goes live") {
  std::vector<std::string> nodes, serials;
  for (int i = 0; i < 8'000; ++i) {
    nodes.push_back(fmt::format("n-{:026}", i));
    serials.push_back(fmt::format("{:040x}", (1 << 20) + i));
  }
  broker.authority().revoke(serials, now());
  BrokerSettings many = broker.settings();
  many.formats = {1, 2};
  write_broker_files(broker.source(), many, broker.authority(), nodes, now());
  CHECK(std::filesystem::file_size(broker.source() / "acl") > 5'000'000);
  const auto outcome = reload_broker(settings(), now());
  CAPTURE(outcome.message);
  CHECK(outcome.end == ReloadEnd::installed);
  CHECK(live("acl") == read_file(broker.source() / "acl"));
  const auto access = read_broker_access(broker.live(), broker.authority());
  REQUIRE(access);
  CHECK(access->nodes.size() == nodes.size());
  CHECK(access->revoked.size() == serials.size());
}

TEST_CASE_METHOD(Fixture, "a good set goes live and rights change on the running broker") {
  LinkOwner node(loop, broker.link_settings("n-2"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((node.connect() && controller.connect()));
  controller.link->subscribe(protocol::state_topic("+"));
  REQUIRE(controller.settle());
  REQUIRE(node.publish(protocol::state_topic("n-2"), "before"));
  REQUIRE(controller.receives("before"));
  broker.set_nodes({"n-1", "n-3"}, false);
  const auto outcome = reload_broker(settings(), now());
  CAPTURE(outcome.message);
  REQUIRE(outcome.end == ReloadEnd::installed);
  LinkOwner joined(loop, broker.link_settings("n-3"));
  REQUIRE(joined.connect());
  REQUIRE(gets_its_rights(joined, "n-3", controller));
  REQUIRE(node.publish(protocol::state_topic("n-2"), "after"));
  REQUIRE(joined.publish(protocol::state_topic("n-3"), "last"));
  REQUIRE(controller.receives("last"));
  CHECK(controller.find("after") == nullptr);
  CHECK(read_broker_status(broker.live()).installed);
  CHECK(reload_broker(settings(), now()).end == ReloadEnd::unchanged);
}

TEST_CASE_METHOD(Fixture, "a broken ACL, which mosquitto would take for none, is refused and rights stay") {
  const std::string before = live("acl");
  write_file(broker.source() / "acl", "user controller\ntopic readwrite loa/1/#\nbogus line\n", 0644);
  list_again();
  const auto outcome = reload_broker(settings(), now());
  CHECK(outcome.end == ReloadEnd::refused);
  CHECK_THAT(outcome.message, Catch::Contains("acl_file") && Catch::Contains("bogus"));
  CHECK(live("acl") == before);
  CHECK_FALSE(may_overstep());
  CHECK(read_broker_status(broker.live()).message == outcome.message);
  SECTION("what the trap is: put in place unchecked it opens everything") {
    std::filesystem::copy_file(broker.source() / "acl", broker.live() / "acl",
                               std::filesystem::copy_options::overwrite_existing);
    broker.reload();
    CHECK(may_overstep());
  }
}

TEST_CASE_METHOD(Fixture, "a missing, broken or expired CRL is refused: the revoked stay out and the others in") {
  std::string serial;
  const auto revoked = broker.link_settings("n-1", &serial);
  const auto other = broker.link_settings("n-2");
  broker.authority().revoke(serial, now());
  broker.set_nodes({"n-1", "n-2"}, false);
  REQUIRE(reload_broker(settings(), now()).end == ReloadEnd::installed);
  broker.reload();
  REQUIRE_FALSE(can_connect(revoked));
  const std::string before = live("crl.pem");
  SECTION("missing") { std::filesystem::remove(broker.source() / "crl.pem"); }
  SECTION("broken") {
    write_file(broker.source() / "crl.pem", before.substr(0, before.size() / 2), 0644);
    list_again();
  }
  SECTION("expired") {
    write_file(broker.source() / "crl.pem", broker.authority().make_crl(now() - kCrlLife), 0644);
    list_again();
  }
  const auto outcome = reload_broker(settings(), now());
  CHECK(outcome.end == ReloadEnd::refused);
  CHECK_THAT(outcome.message, Catch::StartsWith("crl.pem: "));
  CHECK(live("crl.pem") == before);
  broker.reload();
  CHECK_FALSE(can_connect(revoked));
  CHECK(can_connect(other));
}

TEST_CASE_METHOD(Fixture, "without a running broker the files go live all the same") {
  broker.kill();
  broker.set_nodes({"n-1"}, false);
  CHECK(reload_broker(settings(), now()).end == ReloadEnd::not_running);
  CHECK(live("acl") == read_file(broker.source() / "acl"));
  broker.start();
  CHECK(can_connect(broker.link_settings("n-1")));
}

TEST_CASE_METHOD(Fixture, "the program says what it did and exits with what scripts can use") {
  auto good = helper();
  CHECK(good.wait(20s) == 0);
  CHECK_THAT(good.out(), Catch::StartsWith("installed: "));
  write_file(broker.source() / "acl", "bogus line\n", 0644);
  list_again();
  auto bad = helper();
  CHECK(bad.wait(20s) == 1);
  CHECK_THAT(bad.err(), Catch::StartsWith("refused: acl: "));
  auto nowhere = tests::Process({(tests::program_folder() / "loa-broker-reload").string(), "a", "b"}, {folder.path(), "nowhere", {}, {}});
  CHECK(nowhere.wait(20s) == 2);
}

TEST_CASE("a broker is reminded a second and five after the last install, and then left alone") {
  ReloadReminders reminders;
  const ReloadReminders::Time start{1h};
  CHECK_FALSE(reminders.next());
  reminders.installed(start);
  CHECK_FALSE(reminders.take(start + 999ms));
  CHECK(reminders.take(start + 1s));
  reminders.installed(start + 2s);
  CHECK(reminders.next() == start + 3s);
  CHECK(reminders.take(start + 3s));
  CHECK_FALSE(reminders.take(start + 3s));
  CHECK(reminders.take(start + 1h));
  CHECK_FALSE(reminders.next());
  CHECK_FALSE(reminders.take(start + 2h));
}

TEST_CASE_METHOD(Fixture, "a broker that lost the signal of the second of two quick sets comes to obey it") {
  DeafBroker deaf(broker, folder.path());
  broker.set_nodes({"n-1", "n-3"}, false);
  auto watcher = tests::Process({(tests::program_folder() / "loa-broker-reload").string(), broker.source().string(), broker.live().string(), "--pid-file",
                                 deaf.pid_file().string(), "--data", broker.settings().data_folder.string(), "--watch"},
                                {folder.path(), "watcher", {}, {}});
  REQUIRE(watcher.wait_for_line("installed: ", 20s));
  REQUIRE(deaf.follows());
  broker.set_nodes({"n-1", "n-3", "n-4"}, false);
  CHECK(deaf.follows());
}

TEST_CASE_METHOD(Fixture, "the watching program takes each new set and outlives a broken one") {
  auto watcher = helper({"--watch"});
  REQUIRE(watcher.wait_for_line("installed: ", 20s));
  write_file(broker.source() / "acl", "bogus line\n", 0644);
  list_again();
  REQUIRE(watcher.wait_for_line("refused: acl: ", 20s));
  broker.set_nodes({"n-1", "n-7"}, false);
  LinkOwner joined(loop, broker.link_settings("n-7"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((joined.connect() && controller.connect()));
  controller.link->subscribe(protocol::state_topic("n-7"));
  CHECK(gets_its_rights(joined, "n-7", controller));
  CHECK(watcher.running());
}

TEST_CASE_METHOD(Fixture, "a configuration that the controller does not write is never obeyed, not even on trial") {
  const auto mark = folder / "obeyed";
  write_file(folder / "mosquitto", "#!/bin/sh\ntouch " + mark.string() + "\n", 0755);
  auto reload = settings();
  reload.mosquitto = folder / "mosquitto";
  const std::string before = live("mosquitto.conf");
  write_file(broker.source() / "mosquitto.conf", before + "plugin " + (folder / "x.so").string() + "\n", 0644);
  list_again();
  const auto outcome = reload_broker(reload, now());
  CHECK(outcome.end == ReloadEnd::refused);
  CHECK_THAT(outcome.message, Catch::StartsWith("mosquitto.conf:") && Catch::Contains("`plugin "));
  CHECK(read_broker_status(broker.live()).message == outcome.message);
  CHECK_FALSE(std::filesystem::exists(mark));
  CHECK(live("mosquitto.conf") == before);
}

TEST_CASE_METHOD(Fixture, "the trial runs as the broker's account, which can change nothing that goes live") {
  if (::geteuid() != 0) return;  // only root gives another account work
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  BrokerSettings quiet = broker.settings();
  quiet.user.clear();
  write_broker_files(broker.source(), quiet, broker.authority(), {"n-1"}, now());
  auto reload = settings();
  reload.owner = "nobody";
  const auto owner_of = [](const std::filesystem::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? status.st_uid : ~uid_t{0};
  };
  SECTION("what it may do") {
    const auto said = folder / "said";
    write_file(said, "", 0666);
    write_file(folder / "mosquitto",
               "#!/bin/sh\nscratch=$(dirname \"$2\")\nexec >> " + said.string() +
                   "\necho \"as $(id -u)\"\nhead -n 1 \"$scratch/server.key\"\n"
                   "for one in mosquitto.conf acl ca.pem crl.pem trial.conf new ../acl; do (echo x > \"$scratch/$one\") 2> /dev/null && echo \"changed $one\"; done\n"
                   "exit 1\n",
               0755);
    reload.mosquitto = folder / "mosquitto";
    CHECK(reload_broker(reload, now()).end == ReloadEnd::refused);
    CHECK(read_file(said) == "as 65534\n-----BEGIN PRIVATE KEY-----\n");
  }
  SECTION("with the real one") {
    const auto outcome = reload_broker(reload, now());
    CAPTURE(outcome.message);
    CHECK(outcome.end == ReloadEnd::installed);
    CHECK(owner_of(broker.live() / "server.key") == 65534);
    CHECK(owner_of(broker.live() / "mosquitto.conf") == 0);
    CHECK(owner_of(broker.live() / "acl") == 0);
  }
}

namespace {

/// A broker that systemd would look after: what it is told is written down, and may fail.
struct Supervised : Fixture {
  std::filesystem::path told = folder / "told";
  std::filesystem::path restart_due = broker.live() / kRestartDueFile;
  Supervised() {
    REQUIRE(reload_broker(supervised(), now()).end == ReloadEnd::installed);
    write_file(told, "", 0644);
    const auto first = broker.authority().certificate_pem();
    const auto next = CertificateAuthority::make_next(folder / "ca", now());
    broker.authority().follow({{protocol::authority_text(next).value(), protocol::authority_text(first).value()}});
    broker.set_nodes({"n-1", "n-2"}, false);
  }
  std::vector<std::string> program(const std::string& word, const std::string& then) const {
    return {"/bin/sh", "-c", "echo " + word + " >> " + told.string() + "; " + then};
  }
  ReloadSettings supervised(const std::string& restart_then = "true", const std::string& reload_then = "true") {
    auto reload = settings();
    reload.pid_file.clear();
    reload.data = broker.settings().data_folder;
    reload.command = program("reload", reload_then);
    reload.restart = program("restart", restart_then);
    return reload;
  }
};

}  // namespace

TEST_CASE_METHOD(Supervised, "a broker that could not be started anew with other authorities is told so again, and it is said until it was") {
  const auto failed = reload_broker(supervised("echo no such unit >&2; exit 5"), now());
  CHECK(failed.end == ReloadEnd::not_told);
  CHECK_THAT(failed.message, Catch::Contains("could not be told") && Catch::Contains("no such unit"));
  CHECK(read_file(told) == "restart\n");
  auto status = read_broker_status(broker.live());
  CHECK_FALSE(status.installed);
  CHECK_THAT(status.message, Catch::Contains("no such unit"));
  CHECK(std::filesystem::exists(restart_due));
  SECTION("by the next look") { CHECK(reload_broker(supervised(), now()).end == ReloadEnd::installed); }
  SECTION("also where another set came meanwhile, of the same authorities") {
    broker.set_nodes({"n-1"}, false);
    CHECK(reload_broker(supervised(), now()).end == ReloadEnd::installed);
  }
  CHECK(read_file(told) == "restart\nrestart\n");
  CHECK(read_broker_status(broker.live()).installed);
  CHECK_FALSE(std::filesystem::exists(restart_due));
  CHECK(reload_broker(supervised(), now()).end == ReloadEnd::unchanged);
}

TEST_CASE_METHOD(Supervised, "a helper that is killed between new authorities and the restart has it made good by the next") {
  const auto helper = [&](const std::string& then) {
    std::vector<std::string> argv{(tests::program_folder() / "loa-broker-reload").string(), broker.source().string(), broker.live().string(), "--data",
                                  broker.settings().data_folder.string()};
    for (const auto& word : program("reload", "true")) argv.insert(argv.end(), {"--command", word});
    for (const auto& word : program("restart", then)) argv.insert(argv.end(), {"--restart", word});
    return tests::Process(argv, {folder.path(), "supervised", {}, {}});
  };
  auto killed = helper("kill -KILL $PPID; sleep 10");
  killed.wait(20s);
  CHECK(live("ca.pem") == read_file(broker.source() / "ca.pem"));
  CHECK(read_broker_status(broker.live()).ready_sha256 != protocol::sha256_hex_of_file(broker.source() / kReadyFile));
  CHECK(helper("true").wait(20s) == 0);
  CHECK(read_file(told) == "restart\nrestart\n");
  CHECK_FALSE(std::filesystem::exists(restart_due));
}

TEST_CASE_METHOD(Supervised, "a broker that could not be told to read its files is told at the next look") {
  REQUIRE(reload_broker(supervised(), now()).end == ReloadEnd::installed);
  broker.set_nodes({"n-1"}, false);
  CHECK(reload_broker(supervised("true", "exit 1"), now()).end == ReloadEnd::not_told);
  CHECK_FALSE(read_broker_status(broker.live()).installed);
  CHECK(reload_broker(supervised(), now()).end == ReloadEnd::installed);
  CHECK(read_file(told) == "restart\nreload\nreload\n");
}

TEST_CASE_METHOD(Fixture, "the list that a running broker read last counts, also where two bear one date or the clock went back") {
  std::string serial;
  const auto first = broker.link_settings("n-1", &serial);
  const auto put = [&](scheduler::TimePoint when) {
    write_broker_files(broker.source(), broker.settings(), broker.authority(), {"n-1", "n-2"}, when);
    REQUIRE(reload_broker(settings(), now()).end == ReloadEnd::installed);
    broker.reload();
  };
  const auto when = now() - 1h;
  put(when);
  REQUIRE(can_connect(first));
  broker.authority().revoke(serial, when);
  SECTION("of one second") { put(when); }
  SECTION("of a clock that was set back") { put(when - 48h); }
  CHECK_FALSE(can_connect(first));
  CHECK(can_connect(broker.link_settings("n-2")));
}
