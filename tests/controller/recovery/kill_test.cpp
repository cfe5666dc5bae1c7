#include <catch2/catch.hpp>

#include <random>
#include <thread>

#include "controller/recovery/restore.hpp"
#include "controller/store/copy_store.hpp"
#include "controller/store/recovery_hold.hpp"
#include "tests/controller/recovery/state_folder.hpp"
#include "tests/support/places.hpp"
#include "tests/support/process.hpp"

using namespace loa;
using namespace loa::recovery;
using namespace loa::tests;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr int kKills = 50;

/// A state folder large enough that its backup and restore take a while, and the settings that name it.
struct Controller : StateFolder {
  Controller() {
    const auto session = store::open_session(url);
    for (int i = 0; i < 60; ++i) add_clip(*session, std::string(200'000, static_cast<char>('a' + i % 26)) + std::to_string(i));
    put(folder / "controller.toml", "state = \"controller\"\nstock = \"none\"\n[nodes]\nbrokers = [\"mqtts://localhost:8883\"]\nfiles = [\"https://localhost:8443\"]\n");
  }
  std::vector<std::string> command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), (program_folder() / "loa-controller").string());
    return arguments;
  }
  Process start(std::vector<std::string> arguments) const { return Process(command(std::move(arguments)), {folder.path(), "program", {}, {}}); }
  /// How long the whole takes.
  std::chrono::microseconds time(const std::vector<std::string>& arguments) const {
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(start(arguments).wait(60s) == 0);
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
  }
  void check_whole(const fs::path& made) const {
    CHECK(store::find_damage(made / "loa.db") == "");
    const auto session = store::open_session((made / "loa.db").string());
    CHECK(store::find_recovery_hold(*session));
    for (const auto& sha256 : store::list_clip_names(*session)) CHECK(protocol::sha256_hex_of_file(made / clip_path(sha256)) == sha256);
    CHECK(content(made / "second-factor.key") == content(state / "second-factor.key"));
  }
};

/// Kills `arguments` at a random moment of about its time, again and again; `look` is called after each.
int kill_again_and_again(const Controller& controller, const std::vector<std::string>& arguments, std::chrono::microseconds whole,
                         const std::function<bool()>& look) {
  std::mt19937 random(20261127);
  std::uniform_int_distribution<long> moment(0, whole.count() * 11 / 10);
  int finished = 0;
  for (int i = 0; i < kKills; ++i) {
    auto process = controller.start(arguments);
    std::this_thread::sleep_for(std::chrono::microseconds(moment(random)));  // what is random here is the moment, nothing is waited for
    process.kill();
    if (look()) ++finished;
  }
  return finished;
}

}  // namespace

TEST_CASE("a backup that is killed at any moment is whole or not there, and the next one succeeds") {
  const Controller controller;
  const auto config = (controller.folder / "controller.toml").string();
  const auto to = controller.folder / "backup";
  const std::vector<std::string> arguments{"backup", to.string(), "--config", config};
  const auto whole = controller.time(arguments);
  fs::remove_all(to);
  int number = 0;
  const int finished = kill_again_and_again(controller, arguments, whole, [&] {
    if (!fs::exists(to)) return false;
    const auto restored = controller.folder / ("restored" + std::to_string(++number));
    restore(to.string(), restored, scheduler::from_ms(StateFolder::kNow));
    controller.check_whole(restored);
    fs::remove_all(restored);
    fs::remove_all(to);
    return true;
  });
  WARN(finished << " of " << kKills << " were finished before they were killed");
  CHECK(finished < kKills);
  CHECK(controller.start(arguments).wait(60s) == 0);
  CHECK(fs::exists(to / "manifest.json"));
}

TEST_CASE("a restore that is killed at any moment made the whole state folder or none, and the next one succeeds") {
  const Controller controller;
  const auto from = controller.folder / "backup";
  backup_to_folder(controller.request(), from);
  const auto to = controller.folder / "restored";
  const std::vector<std::string> arguments{"restore", from.string(), "--state", to.string()};
  const auto whole = controller.time(arguments);
  fs::remove_all(to);
  const int finished = kill_again_and_again(controller, arguments, whole, [&] {
    if (!fs::exists(to)) return false;
    controller.check_whole(to);
    fs::remove_all(to);
    return true;
  });
  WARN(finished << " of " << kKills << " were finished before they were killed");
  CHECK(finished < kKills);
  CHECK(controller.start(arguments).wait(60s) == 0);
  controller.check_whole(to);
}
