#include <catch2/catch.hpp>
#include <fstream>

#include "tests/tools/command_line.hpp"

using namespace loa::tests;
using Catch::Contains;

namespace {

struct Row {
  const char* name;
  std::vector<std::string> arguments;
  std::string says;  ///< part of what is said on standard error
};

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE(
    "a wrong command line ends with 2 and says what is wrong, before anything is asked of a controller") {
  const Row rows[] = {
      {"no command", {}, "subcommand is required"},
      {"a command that does not exist", {"broadcast"}, "There is no command `broadcast` here"},
      {"a command that its group does not have", {"alert", "shout"}, "There is no command `shout` here"},
      {"a group without its command", {"programme"}, "subcommand is required"},
      {"an option that does not exist", {"nodes", "--colour"}, "--colour"},
      {"a missing option", {"programme", "create", "--title", "Tin"}, "--area"},
      {"a missing id", {"alert", "cancel"}, "ID"},
      {"text given twice",
       {"programme", "create", "--title", "T", "--area", "hue", "--text", "a", "--text-file", "b"},
       "--text"},
      {"no start",
       {"schedule", "add", "--programme", "p-1", "--area", "hue"},
       "either --at TIME or --in SECONDS"},
      {"two starts",
       {"schedule", "add", "--programme", "p-1", "--area", "hue", "--in", "5", "--at",
        "2026-12-01T06:00:00+07:00"},
       "either --at TIME or --in SECONDS"},
      {"a start that is now",
       {"schedule", "add", "--programme", "p-1", "--area", "hue", "--in", "0"},
       "--in"},
      {"no place", {"schedule", "add", "--programme", "p-1", "--in", "5"}, "--area or --node"},
      {"a class that does not exist",
       {"schedule", "add", "--programme", "p-1", "--area", "hue", "--in", "5", "--class", "loud"},
       "--class"},
      {"a volume above 100",
       {"schedule", "add", "--programme", "p-1", "--area", "hue", "--in", "5", "--volume", "101"},
       "--volume"},
      {"neither programme nor stream", {"schedule", "add", "--area", "hue", "--in", "5"}, "either --programme or --stream"},
      {"programme and stream",
       {"schedule", "add", "--programme", "p-1", "--stream", "st-1", "--minutes", "5", "--area", "hue", "--in", "5"},
       "either --programme or --stream"},
      {"a relay without an end", {"schedule", "add", "--stream", "st-1", "--area", "hue", "--in", "5"}, "--minutes with --stream"},
      {"a programme with an end",
       {"schedule", "add", "--programme", "p-1", "--minutes", "5", "--area", "hue", "--in", "5"},
       "--minutes with --stream"},
      {"a stream without its address", {"stream", "add", "--name", "Đài", "--area", "hue"}, "--url"},
      {"a change of a stream that changes nothing", {"stream", "change", "st-1"}, "--name, --url or --language"},
      {"a status that does not exist",
       {"alert", "raise", "--area", "hue", "--title", "Lũ", "--status", "real"},
       "--status"},
      {"an alert for longer than a week",
       {"alert", "raise", "--area", "hue", "--title", "Lũ", "--minutes", "10081"},
       "--minutes"},
      {"no records", {"log", "--most", "0"}, "--most"},
      {"a grant without its area",
       {"user", "add", "lan", "--display-name", "Lan", "--grant", "author", "--password-file", "/dev/null"},
       "`author` is not ROLE@AREA"},
      {"a file to send that is not there", {"programme", "upload", "p-1", "missing.wav"}, "missing.wav"},
      {"no password and nobody to ask",
       {"login", "--server", "https://127.0.0.1:1", "--user", "lan"},
       "--password-file"},
  };
  CommandLine loa;
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto said = loa(row.arguments);
    CHECK(said.code == 2);
    CHECK_THAT(said.err, Contains(row.says));
    CHECK(said.out.empty());
  }
}

TEST_CASE("who is not signed in gets 3 and is told how to sign in") {
  const std::vector<std::string> commands[] = {{"whoami"},
                                               {"nodes"},
                                               {"log"},
                                               {"programme", "list"},
                                               {"stream", "list"},
                                               {"schedule", "list"},
                                               {"alert", "list"},
                                               {"area", "list"},
                                               {"user", "list"},
                                               {"keys", "status"},
                                               {"node", "show", "PX-01"},
                                               {"logout"},
                                               {"--json", "nodes"}};
  CommandLine loa;
  for (const auto& command : commands) {
    CAPTURE(command.back());
    const auto said = loa(command);
    CHECK(said.code == 3);
    CHECK_THAT(said.err, Contains("not signed in: run `loa login"));
    CHECK(said.out.empty());
  }
}

TEST_CASE("where no controller answers it ends with 5 and names the address") {
  CommandLine loa;
  const auto server = "https://127.0.0.1:" + std::to_string(free_port());
  write(loa.folder() / "password", "secret\n");
  SECTION("at sign-in, which keeps nothing") {
    const auto said = loa({"login", "--server", server, "--user", "lan", "--password-file", "password"});
    CHECK(said.code == 5);
    CHECK_THAT(said.err, Contains("no answer from " + server));
    CHECK_FALSE(std::filesystem::exists(loa.session_file()));
  }
  SECTION("later, when the session is kept for the time it is back") {
    const auto session = "{\"server\":\"" + server + "\",\"ca_file\":\"\",\"cookie\":\"abc\"}";
    write(loa.session_file(), session);
    const auto said = loa({"nodes"});
    CHECK(said.code == 5);
    CHECK_THAT(said.err, Contains("no answer from " + server));
    CHECK(read(loa.session_file()) == session);
  }
  SECTION("an address that is none") {
    const auto said =
        loa({"login", "--server", "file:///etc/passwd", "--user", "lan", "--password-file", "password"});
    CHECK(said.code == 5);
    CHECK_THAT(said.err, Contains("no answer from file:///etc/passwd"));
  }
}

TEST_CASE("a session file that is not ours is named, refused and left alone") {
  const std::pair<const char*, const char*> rows[] = {
      {"no JSON", "not json"}, {"cut short", "{\"server\":\"https://lo"}, {"a list", "[1]"}, {"empty", ""}};
  for (const auto& [name, text] : rows) {
    CAPTURE(name);
    CommandLine loa;
    write(loa.session_file(), text);
    const auto said = loa({"whoami"});
    CHECK(said.code == 1);
    CHECK_THAT(said.err, Contains(loa.session_file().string() + " is not a session file"));
    CHECK(read(loa.session_file()) == text);
  }
}

TEST_CASE("a password that cannot be read is refused before anything is sent") {
  CommandLine loa;
  const auto said =
      loa({"login", "--server", "https://127.0.0.1:1", "--user", "lan", "--password-file", "missing"});
  CHECK(said.code == 1);
  CHECK_THAT(said.err, Contains("cannot read missing"));
}
