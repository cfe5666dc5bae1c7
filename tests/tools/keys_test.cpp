#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>

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
  SECTION("keys renew makes the next set with another key, and only with the root key it was made with") {
    const std::vector<std::string> rest{"--controller", "controller", "--branch", "hue"};
    const auto renew = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), rest.begin(), rest.end());
      return loa(arguments);
    };
    const auto next = renew({"--json", "keys", "renew", "--root", "root.pem"});
    REQUIRE(next.code == 0);
    CHECK(boost::json::parse(next.out).at("number").as_int64() == 2);
    CHECK(boost::json::parse(next.out).at("keys").to_number<int>() == 2);
    REQUIRE(
        loa({"keys", "init", "--root", "foreign.pem", "--controller", "elsewhere", "--branch", "hue"}).code ==
        0);
    const auto foreign = renew({"keys", "renew", "--root", "foreign.pem"});
    CHECK(foreign.code == 1);
    CHECK_THAT(foreign.err, Contains("foreign.pem: is not the root key of"));
    const auto unknown = renew({"keys", "renew", "--root", "root.pem", "--revoke", "k9"});
    CHECK(unknown.code == 1);
    CHECK_THAT(unknown.err, Contains("no key \"k9\""));
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
