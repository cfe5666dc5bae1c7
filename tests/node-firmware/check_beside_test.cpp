#include <csignal>
#include <thread>

#include "node-firmware/folder_lock.hpp"
#include "node-firmware/marks.hpp"
#include "pole.hpp"

// `loa-node check` and `join` beside a node that runs.

using namespace loa;
using namespace loa::tests;

TEST_CASE("beside the running node only TLS is tried, and its session goes on") {
  Pole pole;
  pole.write_plan();
  tests::Process node({(program_folder() / "loa-node").string(), "--config", (pole / "node.toml").string()}, {pole / "", "node", {}, pole / ""});
  const auto sessions = [&] {
    const auto log = pole.broker().log();
    std::size_t count = 0;
    for (std::size_t at = log.find(std::string("as ") + TestController::kNode); at != std::string::npos; at = log.find(std::string("as ") + TestController::kNode, at + 1)) ++count;
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

TEST_CASE("one program at a time acts on a state folder") {
  TempFolder folder;
  auto first = node::FolderLock::take(folder.path());
  REQUIRE(first);
  CHECK_FALSE(node::FolderLock::take(folder.path()));
  first.reset();
  CHECK(node::FolderLock::take(folder.path()));
  CHECK_THROWS_AS(node::FolderLock::take(folder / "nowhere"), std::system_error);
}
