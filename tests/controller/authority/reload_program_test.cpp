#include "controller/authority/reload_reminders.hpp"
#include "tests/controller/authority/reloading.hpp"

using namespace loa;
using namespace loa::authority;

namespace {

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

}  // namespace

TEST_CASE_METHOD(Reloading, "the program says what it did and exits with what scripts can use") {
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

TEST_CASE_METHOD(Reloading, "a broker that lost the signal of the second of two quick sets comes to obey it") {
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

TEST_CASE_METHOD(Reloading, "the watching program takes each new set and outlives a broken one") {
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
