#include "config/toml_reader.hpp"

#include <catch2/catch.hpp>
#include <functional>

using namespace loa::config;
using namespace std::chrono_literals;

namespace {

/// Reads the settings that the rows below use, as a section of a real file would be read.
void read(Section& root) {
  auto http = root.table("http");
  http.text("address", "127.0.0.1");
  http.integer("port", 8080, 0, 65535);
  http.flag("behind_proxy", false);
  http.duration("timeout", 30s, 1s, 10min);
  http.texts("proxies", {}, 2);
  root.finish();
}

std::string refusal_of(const std::string& text) {
  try {
    TomlFile file(text, "loa.toml");
    read(file.root());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("texts and comments may hold any letter") {
  for (const std::string text : {"# ạ \" ạ\n[http] # ạ\naddress = \"ạ # ạ \\\" ạ\" # ạ", "\xef\xbb\xbf[http]\naddress = 'ạ \\'", "[http]\naddress = \"\"\"ạ\nạ \"\" ạ\"\"\"\n", "[http]\naddress = \'\'\'ạ\n\' ạ\'\'\'", "[http]\naddress = \"\" # ạ"}) {
    CAPTURE(text);
    CHECK(refusal_of(text) == "");
  }
}

TEST_CASE("a joined line may begin with any letter") {
  TomlFile file("text = \"\"\"a \\ \n  đị é\"\"\"\n", "loa.toml");
  CHECK(file.root().text("text", "") == "a đị é");
}

TEST_CASE("a bad setting is refused with file, line, column and what was expected") {
  struct Row {
    const char* name;
    const char* text;
    const char* message;
  };
  const auto row = GENERATE(values<Row>({
      {"misspelt key", "[http]\nprot = 1\n", "loa.toml:2:1: unknown key `http.prot`"},
      {"unknown table", "[htpp]\n", "loa.toml:1:2: unknown key `htpp`"},
      {"text for a number", "[http]\nport = \"80\"\n", "loa.toml:2:8: `http.port` must be a whole number"},
      {"float for a number", "[http]\nport = 80.0\n", "loa.toml:2:8: `http.port` must be a whole number"},
      {"number too large", "[http]\nport = 65536\n", "loa.toml:2:8: `http.port` must be from 0 to 65535, not 65536"},
      {"number for text", "[http]\naddress = 1\n", "loa.toml:2:11: `http.address` must be text"},
      {"number for a flag", "[http]\nbehind_proxy = 1\n", "loa.toml:2:16: `http.behind_proxy` must be true or false"},
      {"duration without unit", "[http]\ntimeout = \"5\"\n",
       "loa.toml:2:11: `http.timeout` must be a whole number with a unit, like \"250ms\", \"5s\", \"30m\", \"2h\" or \"7d\""},
      {"duration outside limits", "[http]\ntimeout = \"1h\"\n", "loa.toml:2:11: `http.timeout` must be from 1000 ms to 600000 ms"},
      {"list too long", "[http]\nproxies = [\"a\", \"b\", \"c\"]\n", "loa.toml:2:11: `http.proxies` may have at most 2 entries"},
      {"list of another type", "[http]\nproxies = [1]\n", "loa.toml:2:12: `http.proxies` must be a list of texts"},
      {"value where a table belongs", "http = 1\n", "loa.toml:1:8: `http` must be a table"},
      {"doubled key", "[http]\nport = 1\nport = 2\n", "loa.toml:3:8: Error while parsing key-value pair: cannot redefine"},
      {"control character in a table's name", "# Lũ\n[\x0ehttp]\n", "loa.toml:2:2: the control character 0x0e has no place here"},
      {"control character in a text", "[http]\naddress = \"ũ\x7f\"\n", "loa.toml:2:13: the control character 0x7f has no place here"},
      {"comment where a table's name belongs", "[ # http\n", "loa.toml:1:3: "},
      {"a letter that is not ASCII in a key", "[http]\nđị = 1\n", "loa.toml:2:1: only a text in quotes or a comment may hold"},
      {"a letter that is not ASCII after a text", "[http]\naddress = \"ạ\\\"ạ\"ạ\n", "loa.toml:2:17: only a text in quotes or a comment may hold"},
      {"a letter that is not ASCII behind a backslash", "[http]\naddress = \"\\đ\"\n", "loa.toml:2:13: "},
      {"a byte order mark behind a backslash", "[http]\naddress = \"\"\"\\\xef\xbb\xbf\"\"\"\n", "loa.toml:2:15: "},
      {"a text behind a number", "[http]\nport = 1\"ạ\"\n", "loa.toml:2:9: no text in quotes may begin here"},
      {"one behind a comment's end", "# ạ\nạ", "loa.toml:2:1: only a text in quotes or a comment may hold"},
      {"not TOML", "[http\n", "loa.toml:1:6: "},
  }));
  CAPTURE(row.name);
  CHECK_THAT(refusal_of(row.text), Catch::Matchers::StartsWith(row.message));
}

TEST_CASE("what is absent has its default and what is there its value") {
  TomlFile file("[http]\nport = 8443\ntimeout = \"2m\"\nproxies = [\"a\"]\n", "loa.toml");
  auto http = file.root().table("http");
  CHECK(http.text("address", "::1") == "::1");
  CHECK(http.integer("port", 1, 0, 65535) == 8443);
  CHECK(http.duration("timeout", 30s, 1s, 10min) == 2min);
  CHECK(http.texts("proxies", {}, 4) == std::vector<std::string>{"a"});
  CHECK_NOTHROW(file.root().finish());
}

TEST_CASE("a required setting that is missing names itself") {
  TomlFile file("", "loa.toml");
  CHECK_THROWS_WITH(file.root().required_text("state"), Catch::Matchers::Contains("`state` is missing"));
}

TEST_CASE("a relative path is taken from the folder of the file") {
  TomlFile file("state = \"data\"\n", "/etc/loa/node.toml");
  CHECK(file.root().path("state", "") == "/etc/loa/data");
}

TEST_CASE("a file that is absent or too large is refused by name") {
  CHECK_THROWS_WITH(TomlFile(std::filesystem::path("/nonexistent/node.toml")),
                    Catch::Matchers::StartsWith("/nonexistent/node.toml: cannot read"));
}
