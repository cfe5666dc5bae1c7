#include "process/run.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include <unistd.h>

#include "tests/support/places.hpp"

#include "tests/support/temp_folder.hpp"

using namespace loa::process;
using namespace std::chrono_literals;

namespace {

Command shell(const std::string& script) { return {.argv = {"/bin/sh", "-c", script}}; }

bool is_alive(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  return !text.empty() && text.find(") Z") == std::string::npos;
}

/// True once the process is gone; false after five seconds.
bool goes_away(int pid) {
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (is_alive(pid)) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("a child that ends well gives its output and code 0") {
  const auto outcome = run(shell("printf hello; printf oops >&2"), {});
  CHECK(outcome.ok());
  CHECK(outcome.out == "hello");
  CHECK(outcome.err == "oops");
  CHECK(outcome.message == "sh ended with code 0");
}

TEST_CASE("the exit code of a child is told") {
  const auto outcome = run(shell("exit 7"), {});
  CHECK(outcome.end == End::exited);
  CHECK(outcome.exit_code == 7);
  CHECK_FALSE(outcome.ok());
}

TEST_CASE("standard input comes from text, a megabyte of it too") {
  Command command{.argv = {"wc", "-c"}};
  command.stdin_text = std::string(1 << 20, 'x');
  CHECK(run(command, {}).out == "1048576\n");
}

TEST_CASE("a child that does not read its input does no harm") {
  Command command{.argv = {"true"}};
  command.stdin_text = std::string(1 << 20, 'x');
  CHECK(run(command, {}).ok());
}

TEST_CASE("standard input comes from a file") {
  Command command{.argv = {"head", "-c", "1"}};
  command.stdin_file = loa::tests::source_folder() / "CMakeLists.txt";
  CHECK(run(command, {}).out == "c");
}

TEST_CASE("arguments are never read by a shell") {
  CHECK(run({.argv = {"echo", "$HOME; exit 3"}}, {}).out == "$HOME; exit 3\n");
}

TEST_CASE("the environment holds only what is named") {
  ::setenv("LOA_SECRET_OF_TEST", "1", 1);
  Command command{.argv = {"env"}};
  command.environment = {"GIVEN=yes"};
  const auto out = run(command, {}).out;
  CHECK(out.find("LOA_SECRET_OF_TEST") == std::string::npos);
  CHECK(out.find("GIVEN=yes\n") != std::string::npos);
  CHECK(out.find("LANG=C.UTF-8\n") != std::string::npos);
}

TEST_CASE("a program that does not exist is said by name") {
  const auto bare = run({.argv = {"loa-no-such-program"}}, {});
  CHECK(bare.end == End::not_started);
  CHECK(bare.message == "cannot start loa-no-such-program: No such file or directory");
  CHECK(run({.argv = {"/nowhere/program"}}, {}).message ==
        "cannot start /nowhere/program: No such file or directory");
  CHECK(run({.argv = {}}, {}).end == End::not_started);
}

TEST_CASE("each limit ends the child and is named as the reason") {
  struct Row {
    const char* name;
    std::string script;
    void (*tighten)(Limits&);
    End end;
    std::string message;
  };
  const loa::tests::TempFolder folder;
  const auto file = folder / "large";
  const Row rows[] = {
      {"wall time", "sleep 30", [](Limits& l) { l.wall = 200ms; }, End::wall_time,
       "sh took longer than 0.2 s and was ended"},
      {"CPU time", "while :; do :; done", [](Limits& l) { l.cpu = 1s; }, End::cpu_time,
       "sh used more than 1 s of CPU time and was ended"},
      {"memory of the child itself", "exec tail -n 1 /dev/zero", [](Limits& l) { l.memory_bytes = 50 << 20; },
       End::memory, "sh used more than 50 MiB of memory and was ended"},
      {"file size", "exec dd if=/dev/zero of='" + file.string() + "' bs=64k count=100",
       [](Limits& l) { l.file_bytes = 1 << 20; }, End::file_size,
       "sh wrote a file larger than 1048576 bytes and was ended"},
      {"standard output", "exec cat /dev/zero", [](Limits& l) { l.stdout_bytes = 100'000; }, End::output,
       "sh wrote more to standard output than it may and was ended"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Limits limits;
      limits.wall = 20s;
      row.tighten(limits);
      const auto outcome = run(shell(row.script), limits);
      CHECK(name_of(outcome.end) == std::string(name_of(row.end)));
      CHECK(outcome.message == row.message);
    }
  }
  if (std::filesystem::exists(file)) CHECK(std::filesystem::file_size(file) <= 1 << 20);
}

TEST_CASE("one huge allocation is refused to the child by the kernel") {
  Limits limits;
  limits.memory_bytes = 64 << 20;
  const auto outcome = run(shell("exec dd if=/dev/zero of=/dev/null bs=512M count=1"), limits);
  CHECK_FALSE(outcome.ok());
}

TEST_CASE("a child may open only so many files") {
  Limits limits;
  limits.open_files = 9;
  CHECK(run(shell("ulimit -n; ulimit -c"), limits).out == "9\n0\n");
}

TEST_CASE("error output beyond its bound is dropped and the child goes on") {
  Limits limits;
  limits.stderr_bytes = 10;
  const auto outcome = run(shell("head -c 1000000 /dev/zero >&2; echo done"), limits);
  CHECK(outcome.ok());
  CHECK(outcome.out == "done\n");
  CHECK(outcome.err.size() == 10);
}

TEST_CASE("lines come one by one, the last one without its line feed too") {
  std::vector<std::string> lines;
  const auto outcome =
      run(shell("echo one; echo; printf three"), {}, {}, [&](std::string_view l) { lines.emplace_back(l); });
  CHECK(lines == std::vector<std::string>{"one", "", "three"});
  CHECK(outcome.out.empty());
}

TEST_CASE("a line that never ends ends the child") {
  Limits limits;
  limits.stdout_bytes = 0;
  limits.line_bytes = 1000;
  CHECK(run(shell("exec cat /dev/zero"), limits, {}, [](std::string_view) {}).end == End::output);
}

TEST_CASE("the whole group goes with its leader") {
  SECTION("when the leader ends by itself") {
    const auto outcome = run(shell("sleep 60 & echo $!"), {});
    CHECK(outcome.ok());
    CHECK(outcome.wall < 10s);
    CHECK(goes_away(std::stoi(outcome.out)));
  }
  SECTION("when a limit ends it") {
    Limits limits;
    limits.wall = 300ms;
    int pid = 0;
    const auto outcome = run(shell("sleep 60 & echo $!; wait"), limits, {},
                             [&](std::string_view line) { pid = std::stoi(std::string(line)); });
    CHECK(outcome.end == End::wall_time);
    REQUIRE(pid > 0);
    CHECK(goes_away(pid));
  }
}

TEST_CASE("a stop request cancels the child") {
  std::stop_source source;
  const auto outcome = run(shell("echo ready; exec sleep 60"), {}, source.get_token(),
                           [&](std::string_view) { source.request_stop(); });
  CHECK(outcome.end == End::cancelled);
  CHECK(outcome.message == "sh was cancelled");
  CHECK(outcome.wall < 20s);
}

TEST_CASE("a child that dies of a signal says which") {
  const auto outcome = run(shell("kill -SEGV $$"), {});
  CHECK(outcome.end == End::signalled);
  CHECK(outcome.signal == SIGSEGV);
}

TEST_CASE("a child runs as another account, with that account's group alone, where root gives it away") {
  Command command = shell("id -u; id -G");
  command.account = Account{65534, 65534};
  const auto outcome = run(command, {});
  if (::geteuid() != 0) {
    CHECK(outcome.end == End::not_started);
    return;
  }
  CHECK(outcome.out == "65534\n65534\n");
}
