#include "process/confine.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "process/landlock.hpp"
#include "process/run.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::process;
using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LOA_SANITIZED 1
#else
#define LOA_SANITIZED 0
#endif

namespace {

enum class How { by_itself, behind_walls };

Limits tight() {
  Limits limits;
  limits.wall = 20s;
  limits.cpu = 2s;
  limits.memory_bytes = 64 << 20;
  limits.stdout_bytes = 100'000;
  return limits;
}

struct Bench {
  loa::tests::TempFolder folder;
  Reach reach;

  Outcome misbehave(How how, std::vector<std::string> words, const Limits& limits = tight()) {
    if (how == How::by_itself) words.insert(words.begin(), "self");
    words.insert(words.begin(), (loa::tests::program_folder() / "misbehave").string());
    Command command{.argv = std::move(words)};
    if (how == How::behind_walls) command.reach = reach;
    return run(command, limits);
  }
};

}  // namespace

TEST_CASE("a confined child that does only its work ends well") {
  if (LOA_SANITIZED) return;
  Bench bench;
  for (const How how : {How::by_itself, How::behind_walls})
    for (const char* what : {"nothing", "thread"}) {
      INFO(what);
      const auto outcome = bench.misbehave(how, {what});
      INFO(outcome.message << " " << outcome.err);
      CHECK(outcome.ok());
      CHECK(outcome.out == "did it: 0\n");
    }
}

TEST_CASE("whatever a confined child tries ends it, and what it tried is said") {
  if (LOA_SANITIZED) return;
  Bench bench;
  const auto elsewhere = (bench.folder / "elsewhere").string();
  struct Row {
    const char* name;
    std::vector<std::string> words;
    End end;
    const char* by_itself;
    const char* behind_walls;  // null: as by itself
  };
  const std::string forbidden = ", which it may not, and was ended";
  const std::string writes_elsewhere = "tried to open " + elsewhere, writes_elsewhere_walls = "tried to write " + elsewhere;
  const Row rows[] = {
      {"the network", {"network"}, End::confined, "tried to use the network", nullptr},
      {"the list of accounts", {"read", "/etc/passwd"}, End::confined, "tried to open /etc/passwd", nullptr},
      {"a file named from where it stands", {"read", "/usr/lib/../../etc/passwd"}, End::confined, "tried to open /", "tried to open /etc/passwd"},
      {"a file elsewhere", {"write", elsewhere}, End::confined, writes_elsewhere.c_str(), writes_elsewhere_walls.c_str()},
      {"a fork bomb", {"fork"}, End::confined, "tried to start another process", nullptr},
      {"another program", {"program"}, End::confined, "tried to start another program", nullptr},
      {"to kill its parent", {"kill"}, End::confined, "tried to signal another process", nullptr},
      {"to trace its parent", {"trace"}, End::confined, "tried to look into another process", nullptr},
      {"to remove a file", {"mount"}, End::confined, "tried to call unlink", "tried to call unlink for /tmp"},
      {"a memory bomb", {"memory"}, End::memory, "used more than 64 MiB of memory and was ended", nullptr},
      {"output without end", {"output"}, End::output, "wrote more to standard output than it may and was ended", nullptr},
      {"CPU without end", {"cpu"}, End::cpu_time, "used more than 2 s of CPU time and was ended", nullptr},
  };
  for (const auto& row : rows) {
    for (const How how : {How::by_itself, How::behind_walls}) {
      DYNAMIC_SECTION(row.name << (how == How::by_itself ? ", having confined itself" : ", behind walls")) {
        if (row.name == std::string("a file named from where it stands") && how == How::by_itself) continue;
        const auto outcome = bench.misbehave(how, row.words);
        const std::string wanted = how == How::behind_walls && row.behind_walls ? row.behind_walls : row.by_itself;
        INFO(outcome.err);
        CHECK(name_of(outcome.end) == std::string(name_of(row.end)));
        CHECK(outcome.message == "misbehave " + wanted + (row.end == End::confined ? forbidden : ""));
        CHECK(outcome.out.find("did it") == std::string::npos);
      }
    }
  }
  CHECK_FALSE(std::filesystem::exists(elsewhere));
}

TEST_CASE("memory of a child that confined itself cannot become code") {
  if (LOA_SANITIZED) return;
  Bench bench;
  CHECK(bench.misbehave(How::by_itself, {"code"}).message ==
        "misbehave tried to make memory executable, which it may not, and was ended");
}

TEST_CASE("what libraries ask for by habit is refused, and the child goes on") {
  if (LOA_SANITIZED) return;
  Bench bench;
  CHECK(bench.misbehave(How::by_itself, {"habit"}).ok());
  bench.reach.refused = {"/etc"};
  const auto outcome = bench.misbehave(How::behind_walls, {"read", "/etc/passwd"});
  CHECK(outcome.end == End::exited);
  CHECK(outcome.out == "open: Permission denied\ndid it: 1\n");
}

TEST_CASE("a child behind walls reaches the files it is given, each as it is given") {
  if (LOA_SANITIZED) return;
  Bench bench;
  const auto in = (bench.folder / "in").string(), out = (bench.folder / "out").string();
  std::ofstream(in) << "x";
  std::ofstream(out) << "";
  bench.reach.read = {in};
  bench.reach.write = {out};
  CHECK(bench.misbehave(How::behind_walls, {"read", in}).ok());
  CHECK(bench.misbehave(How::behind_walls, {"write", out}).ok());
  CHECK(std::filesystem::file_size(out) == 5);
  const auto wrong_way = bench.misbehave(How::behind_walls, {"write", in});
  CHECK(wrong_way.message == "misbehave tried to write " + in + ", which it may not, and was ended");
}

TEST_CASE("a path that changes between question and answer opens nothing, because Landlock holds the files") {
  if (LOA_SANITIZED) return;
  if (landlock_version() == 0) {
    WARN(missing_walls());
    return;
  }
  Bench bench;
  const auto in = (bench.folder / "in").string();
  std::ofstream(in) << "fine";
  bench.reach.read = {in};
  // To the guard all that is asked is fine here, so that only Landlock stands between the program and the other file.
  bench.reach.refused = {"/etc", "/"};
  const auto outcome = bench.misbehave(How::behind_walls, {"race", in, "/etc/passwd"});
  CHECK(outcome.out == "the race was lost\ndid it: 0\n");
}

TEST_CASE("a program that cannot be found or started behind walls is said by name") {
  Command command{.argv = {"/nowhere/program"}, .reach = Reach{}};
  CHECK(run(command, {}).message == "cannot start /nowhere/program: No such file or directory");
  loa::tests::TempFolder folder;
  std::ofstream(folder / "text") << "no program";
  std::filesystem::permissions(folder / "text", std::filesystem::perms::owner_all);
  command.argv = {(folder / "text").string()};
  CHECK(run(command, {}).end == End::not_started);
}

TEST_CASE("a process with threads refuses to confine itself, because they would stay outside") {
  std::jthread other([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  CHECK_THROWS_AS(confine_self(), std::logic_error);
}
