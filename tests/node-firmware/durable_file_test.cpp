#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "node-firmware/durable_file.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using node::DiskStep;

TEST_CASE("after a crash at any step a file has its old or its new content") {
  tests::TempFolder folder;
  const auto file = folder / "marks.json";
  struct Row {
    const char* name;
    DiskStep crash;
    const char* then;
  };
  const std::vector<Row> rows{{"before the new file is made", DiskStep::create, "old"},
                              {"before it is written", DiskStep::write, "old"},
                              {"before it is written through", DiskStep::sync, "old"},
                              {"before it has its name", DiskStep::rename, "old"},
                              {"before the folder is written through", DiskStep::sync_folder, "new"}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      node::write_durably(file, "old");
      CHECK_THROWS(node::write_durably(file, "new", [&](DiskStep step) {
        if (step == row.crash) throw std::runtime_error("crash");
      }));
      CHECK(node::read_whole(file, 100) == row.then);
      node::write_durably(file, "newest");
      CHECK(node::read_whole(file, 100) == "newest");
    }
  }
}

TEST_CASE("what the node keeps is for its own user only") {
  tests::TempFolder folder;
  node::write_durably(folder / "bundle.json", "secret");
  struct stat info {};
  REQUIRE(stat((folder / "bundle.json").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("reading is bounded and tells absence from failure") {
  tests::TempFolder folder;
  CHECK_FALSE(node::read_whole(folder / "none", 10));
  node::write_durably(folder / "long", "12345678901");
  CHECK_THROWS_WITH(node::read_whole(folder / "long", 10), Catch::Contains("larger than allowed"));
  node::remove_durably(folder / "long");
  CHECK_FALSE(node::read_whole(folder / "long", 10));
  node::remove_durably(folder / "long");
}
