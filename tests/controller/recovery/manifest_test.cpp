#include "controller/recovery/manifest.hpp"

#include <catch2/catch.hpp>

using namespace loa::recovery;

namespace {

const std::string kHash(64, 'a');

Manifest sample() {
  Manifest manifest;
  manifest.version = "0.1.0";
  manifest.made = loa::scheduler::from_ms(1'795'500'000'000);
  manifest.schema = 4;
  manifest.database = "sqlite";
  manifest.files = {{"loa.db", 4096, kHash}, {"keys/root.pub", 44, kHash}};
  manifest.missing = {std::string(64, 'b')};
  return manifest;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a manifest is read as it was written") { CHECK(decode_manifest(encode(sample())) == sample()); }

TEST_CASE("what is not exactly a manifest is refused, with the place") {
  const auto good = encode(sample());
  struct Row {
    const char* name;
    std::string text;
    const char* says;
  };
  const std::vector<Row> rows{
      {"nothing", "", "manifest.json"},
      {"not JSON", "{", "manifest.json"},
      {"a list", "[]", "not an object"},
      {"cut off", good.substr(0, good.size() / 2), "manifest.json"},
      {"of a later format", with(good, "\"format\":1", "\"format\":2"), "/format"},
      {"an unknown member", with(good, "{\"format\":1", "{\"more\":1,\"format\":1"), "/more"},
      {"a member twice", with(good, "{\"format\":1", "{\"format\":1,\"format\":1"), "/format"},
      {"a member missing", with(good, "\"schema\":4,", ""), "/schema"},
      {"another database", with(good, "sqlite", "oracle"), "/database"},
      {"a path out of the folder", with(good, "keys/root.pub", "../root.pub"), "/files/1/path"},
      {"a path out of the folder in its middle", with(good, "keys/root.pub", "keys/../../x"), "/files/1/path"},
      {"an absolute path", with(good, "keys/root.pub", "/etc/passwd"), "/files/1/path"},
      {"an empty part", with(good, "keys/root.pub", "keys//x"), "/files/1/path"},
      {"a folder", with(good, "keys/root.pub", "keys/"), "/files/1/path"},
      {"a control character", with(good, "keys/root.pub", "keys\\u0000x"), "/files/1/path"},
      {"the manifest itself", with(good, "keys/root.pub", "manifest.json"), "/files/1/path"},
      {"too deep", with(good, "keys/root.pub", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q"), "/files/1/path"},
      {"a file twice", with(good, "keys/root.pub", "loa.db"), "twice"},
      {"a file that is a folder too", with(good, "keys/root.pub", "loa.db/x"), "both a file and a folder"},
      {"no database", with(good, "loa.db", "loa.sql"), "there is no loa.db"},
      {"a negative size", with(good, "4096", "-1"), "/files/0/bytes"},
      {"a size with a fraction", with(good, "4096", "4096.5"), "/files/0/bytes"},
      {"a hash that is none", with(good, kHash, kHash.substr(1) + "G"), "/files/0/sha256"},
      {"no files", "{\"format\":1,\"version\":\"\",\"made\":0,\"schema\":4,\"database\":\"sqlite\",\"files\":[],\"missing\":[]}", "/files"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK_THROWS_WITH(decode_manifest(row.text), Catch::Contains(row.says));
  }
}
