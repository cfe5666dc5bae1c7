#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/false_clock.hpp"
#include "tests/tools/command_line.hpp"

using namespace loa::tests;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> init(const std::string& root = "root.pem", const std::string& branch = "hue") {
  return {"keys", "init", "--root", root, "--controller", "controller", "--branch", branch};
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The kid of the first key in a controller's folder.
std::string first_kid(CommandLine& loa, const std::string& controller) {
  const auto status = boost::json::parse(loa({"--json", "keys", "status", "--controller", controller}).out);
  return std::string(status.at("keys").as_array().at(0).at("kid").as_string());
}

}  // namespace

TEST_CASE("keys init makes the root key apart from the controller's folder, for its owner only") {
  CommandLine loa;
  const auto said = loa(init());
  CHECK(said.err.empty());
  REQUIRE(said.code == 0);
  CHECK_THAT(said.out, Contains("root.pem") && Contains("away from the controller"));
  const auto root = loa.folder() / "root.pem";
  CHECK((fs::status(root).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK_THAT(read(root), Contains("PRIVATE KEY"));
  for (const auto& entry : fs::recursive_directory_iterator(loa.folder() / "controller")) {
    CAPTURE(entry.path().string());
    if (entry.is_regular_file()) CHECK(read(entry.path()) != read(root));
  }

  SECTION("a second time it refuses, and changes nothing") {
    const auto before = read(root);
    const auto set = read(loa.folder() / "controller/keys/keyset.jws");
    const auto again = loa(init("other.pem"));
    CHECK(again.code == 1);
    CHECK_THAT(again.err, Contains("keyset.jws: there are keys already"));
    CHECK_FALSE(fs::exists(loa.folder() / "other.pem"));
    CHECK(read(root) == before);
    CHECK(read(loa.folder() / "controller/keys/keyset.jws") == set);
  }
  SECTION("keys rotate makes the next set with another key, and only with the root key it was made with") {
    const auto rotate = [&](const std::string& by, std::vector<std::string> more = {}) {
      std::vector<std::string> arguments{"--json", "keys", "rotate", "--root", by, "--controller", "controller"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      return loa(arguments);
    };
    const auto next = rotate("root.pem");
    REQUIRE(next.code == 0);
    CHECK(boost::json::parse(next.out).at("number").as_int64() == 2);
    CHECK(boost::json::parse(next.out).at("keys").to_number<int>() == 2);
    REQUIRE(
        loa({"keys", "init", "--root", "foreign.pem", "--controller", "elsewhere", "--branch", "hue"}).code ==
        0);
    const auto foreign = rotate("foreign.pem");
    CHECK(foreign.code == 1);
    CHECK_THAT(foreign.err, Contains("foreign.pem: is not the root key of"));
    const auto unknown = rotate("root.pem", {"--revoke", "k9"});
    CHECK(unknown.code == 1);
    CHECK_THAT(unknown.err, Contains("no key \"k9\""));
  }
  SECTION("keys revoke ends the keys named and puts another in their place") {
    const auto kid = first_kid(loa, "controller");
    REQUIRE(loa({"keys", "revoke", kid, "--root", "root.pem", "--controller", "controller"}).code == 0);
    const auto status = boost::json::parse(loa({"--json", "keys", "status", "--controller", "controller"}).out);
    CHECK(status.at("number").as_int64() == 2);
    const auto& keys = status.at("keys").as_array();
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].as_object().contains("revoked"));
    CHECK_FALSE(keys[0].at("here").as_bool());
    CHECK_FALSE(keys[1].as_object().contains("revoked"));
    CHECK(keys[1].at("here").as_bool());
    CHECK(keys[1].at("branch").as_string() == "hue");
  }
}

TEST_CASE("keys go by file between the machine with the root key and the controller's") {
  CommandLine loa;
  fs::create_directory(loa.folder() / "safe");
  const auto done = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--json");
    const auto said = loa(arguments);
    INFO(said.err);
    REQUIRE(said.code == 0);
    return boost::json::parse(said.out);
  };
  done({"keys", "init", "--root", "safe/root.pem"});
  done({"keys", "request", "first.json", "--controller", "controller", "--branch", "hue"});
  CHECK(read(loa.folder() / "first.json").find("PRIVATE") == std::string::npos);
  CHECK(done({"keys", "sign", "first.json", "--root", "safe/root.pem", "--out", "first.jws"}).at("number").as_int64() == 1);
  const auto unknown_root = loa({"keys", "import", "first.jws", "--controller", "controller"});
  CHECK(unknown_root.code == 1);
  CHECK_THAT(unknown_root.err, Contains("does not know its root key yet"));
  done({"keys", "import", "first.jws", "--controller", "controller", "--root-key", "safe/root.pem.pub"});
  const auto old_kid = first_kid(loa, "controller");

  SECTION("rotation by file overlaps") {
    done({"keys", "request", "next.json", "--controller", "controller", "--days", "30"});
    const auto made = done({"keys", "rotate", "--root", "safe/root.pem", "--in", "next.json", "--out", "next.jws"});
    CHECK(made.at("added").as_array().size() == 1);
    CHECK(made.at("revoked").as_array().empty());
    CHECK(done({"keys", "import", "next.jws", "--controller", "controller"}).at("own").to_number<int>() == 2);
    const auto again = loa({"keys", "rotate", "--root", "safe/root.pem", "--in", "next.json", "--out", "next.jws"});
    CHECK(again.code == 1);
    CHECK_THAT(again.err, Contains("next.jws exists already"));
  }
  SECTION("revocation by file needs no word from the controller, and says when nobody may sign any more") {
    const auto said = loa({"keys", "revoke", "--all", "--root", "safe/root.pem", "--out", "none.jws"});
    REQUIRE(said.code == 0);
    CHECK_THAT(said.out, Contains("key set 2 signed") && Contains("revoked " + old_kid) && Contains("no key is left that may sign"));
    const auto imported = loa({"keys", "import", "none.jws", "--controller", "controller"});
    REQUIRE(imported.code == 0);
    CHECK_THAT(imported.out, Contains("0 of its keys are here"));
    CHECK_FALSE(fs::exists(loa.folder() / ("controller/keys/working-" + old_kid + ".pem")));
    CHECK_THAT(loa({"keys", "status", "--file", "none.jws"}).out, Contains(old_kid) && Contains("key set 2 of"));
  }
  SECTION("all but what a request brings are revoked, and an older set is no longer taken") {
    done({"keys", "request", "next.json", "--controller", "controller"});
    const auto made = done({"keys", "revoke", "--all", "--root", "safe/root.pem", "--in", "next.json", "--out", "next.jws"});
    CHECK(made.at("number").as_int64() == 2);
    CHECK(made.at("added").as_array().size() == 1);
    CHECK(made.at("revoked").as_array().size() == 1);
    CHECK(done({"keys", "import", "next.jws", "--controller", "controller"}).at("own").to_number<int>() == 1);
    const auto old = loa({"keys", "import", "first.jws", "--controller", "controller"});
    CHECK(old.code == 1);
    CHECK_THAT(old.err, Contains("old_revision: key set 1 is not above 2"));
  }
  SECTION("a set signed by a clock that is ahead is not taken, and one signed once more with the right clock is") {
    const std::vector<std::string> sign{"keys", "revoke", "--all", "--root", "safe/root.pem", "--out"};
    const auto with_out = [&](const char* file) {
      auto arguments = sign;
      arguments.push_back(file);
      return arguments;
    };
    REQUIRE(loa(with_out("ahead.jws"), false_clock("@2040-06-01 12:00:00")).code == 0);
    const auto ahead = loa({"keys", "import", "ahead.jws", "--controller", "controller"});
    CHECK(ahead.code == 1);
    CHECK_THAT(ahead.err, Contains("was signed at 2040-06-01T12:00:") && Contains("but here it is 20") && Contains("sign once more"));
    CHECK(done({"keys", "status", "--controller", "controller"}).at("number").as_int64() == 1);
    REQUIRE(loa(with_out("again.jws")).code == 0);
    CHECK(done({"keys", "import", "again.jws", "--controller", "controller"}).at("number").as_int64() == 3);
  }
  SECTION("files that are none are named") {
    std::ofstream(loa.folder() / "cut.json") << read(loa.folder() / "first.json").substr(0, 80);
    std::ofstream(loa.folder() / "text") << "text";
    struct Row {
      const char* name;
      std::vector<std::string> arguments;
      int code;
      std::string says;
    };
    const Row rows[] = {
        {"a request that is cut short", {"keys", "sign", "cut.json", "--root", "safe/root.pem", "--out", "o.jws"}, 1, "cut.json: "},
        {"a text in place of a request", {"keys", "sign", "text", "--root", "safe/root.pem", "--out", "o.jws"}, 1, "not a key set signed by this root"},
        {"a key set in place of a request", {"keys", "rotate", "--in", "first.jws", "--root", "safe/root.pem", "--out", "o.jws"}, 1, "asks for no new key"},
        {"a text in place of a key set", {"keys", "import", "text", "--controller", "controller"}, 1, "not a key set signed by this root"},
        {"no such file", {"keys", "import", "missing", "--controller", "controller"}, 1, "cannot read missing"},
        {"a text in place of the root key", {"keys", "sign", "first.json", "--root", "text", "--out", "o.jws"}, 1, "text: "},
        {"a status of what is none", {"keys", "status", "--file", "text"}, 1, "not a key set"},
        {"a type that is none", {"keys", "request", "r.json", "--controller", "controller", "--type", "loa-hat"}, 2, "not one of loa-keys"},
        {"a time that is none", {"keys", "request", "r.json", "--controller", "controller", "--from", "soon"}, 2, "--from soon"},
        {"days without end", {"keys", "request", "r.json", "--controller", "controller", "--days", "4000"}, 2, "--days"},
        {"nothing to revoke", {"keys", "revoke", "--root", "safe/root.pem", "--out", "o.jws"}, 2, "either key ids or --all"},
        {"no place", {"keys", "revoke", "--all", "--root", "safe/root.pem"}, 2, "either --controller DIR, or --out FILE"},
        {"two places", {"keys", "revoke", "--all", "--root", "safe/root.pem", "--controller", "controller", "--out", "o.jws"}, 2, "--out"},
        {"a branch without its controller", {"keys", "init", "--root", "r2.pem", "--branch", "hue"}, 2, "belong together"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.name);
      const auto said = loa(row.arguments);
      CHECK(said.code == row.code);
      CHECK_THAT(said.err, Contains(row.says));
      CHECK_FALSE(fs::exists(loa.folder() / "o.jws"));
      CHECK_FALSE(fs::exists(loa.folder() / "r.json"));
    }
  }
}

TEST_CASE("keys init as JSON says the number of the key set and the root's file") {
  CommandLine loa;
  auto arguments = init();
  arguments.insert(arguments.begin(), "--json");
  const auto said = loa(arguments);
  REQUIRE(said.code == 0);
  const auto value = boost::json::parse(said.out);
  CHECK(value.at("number").as_int64() == 1);
  CHECK(value.at("keys").to_number<int>() == 1);
  CHECK(value.at("root_file").as_string() == "root.pem");
}

TEST_CASE("keys init refuses what would lose or expose a key") {
  CommandLine loa;
  fs::create_directory(loa.folder() / "controller");
  std::ofstream(loa.folder() / "there.pem") << "precious";
  fs::create_directory_symlink(loa.folder() / "controller", loa.folder() / "link");
  struct Row {
    const char* name;
    std::vector<std::string> arguments;
    std::string says;
  };
  const Row rows[] = {
      {"a root file in the controller's folder", init("controller/root.pem"),
       "must be kept apart from the controller's folder"},
      {"below it", init("controller/a/../b/root.pem"), "must be kept apart from the controller's folder"},
      {"in it, by a link", init("link/root.pem"), "must be kept apart from the controller's folder"},
      {"a root file that exists", init("there.pem"), "there.pem: exists already and is never overwritten"},
      {"a folder that does not exist", init("missing/root.pem"), "No such file or directory"},
      {"a branch that is no area id", init("root.pem", "Huế"), "not an area id"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto said = loa(row.arguments);
    CHECK(said.code == 1);
    CHECK_THAT(said.err, Contains(row.says));
    CHECK(said.out.empty());
    CHECK_FALSE(fs::exists(loa.folder() / "controller/keys/keyset.jws"));
    CHECK_FALSE(fs::exists(loa.folder() / "root.pem"));
  }
  CHECK(read(loa.folder() / "there.pem") == "precious");
}
