#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/tools/command_line.hpp"

using namespace loa::tests;

namespace {

/// The names that a help text lists under "Subcommands:".
std::vector<std::string> subcommands_in(const std::string& help) {
  std::vector<std::string> names;
  const auto at = help.find("\nSubcommands:\n");
  if (at == std::string::npos) return names;
  std::istringstream lines(help.substr(at + 14));
  for (std::string line; std::getline(lines, line) && line.rfind("  ", 0) == 0;) {
    if (line.size() < 3 || line[2] == ' ') continue;  // the description goes on
    names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

/// Asks for help of the command and of all below it; answers how many there are.
int check_help(CommandLine& loa, const std::vector<std::string>& command) {
  auto arguments = command;
  arguments.push_back("--help");
  const auto said = loa(arguments);
  std::string name;
  for (const auto& word : command) name += word + " ";
  CAPTURE(name);
  CHECK(said.code == 0);
  CHECK(said.err.empty());
  REQUIRE(said.out.find("Usage:") > 0);  // a sentence that says what it does stands before
  REQUIRE(said.out.find("Usage:") != std::string::npos);
  int count = 1;
  for (const auto& below : subcommands_in(said.out)) {
    auto deeper = command;
    deeper.push_back(below);
    count += check_help(loa, deeper);
  }
  return count;
}

}  // namespace

TEST_CASE("every command of loa explains itself") {
  CommandLine loa;
  const auto known = subcommands_in(loa({"--help"}).out);
  for (const char* name : {"login", "logout", "whoami", "area", "user", "session", "second-factor", "prove", "audit", "token", "nodes", "node", "programme",
                           "stream", "schedule", "log", "alert", "alarms", "keys"}) {
    CAPTURE(name);
    CHECK(std::find(known.begin(), known.end(), name) != known.end());
  }
  CHECK(check_help(loa, {}) > 40);
}

TEST_CASE("the help names the exit codes that scripts may rely on") {
  CommandLine loa;
  const auto help = loa({"--help"}).out;
  for (const char* meaning : {"0 done", "1 refused", "2 wrong command line", "3 not signed in", "4 not found",
                              "5 no answer", "6 what was waited for"}) {
    CAPTURE(meaning);
    CHECK(help.find(meaning) != std::string::npos);
  }
  const auto version = loa({"--version"});
  CHECK(version.code == 0);
  CHECK(version.out == "loa " LOA_VERSION "\n");
}
