#include "controller/recovery/stamp.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/recovery/state_folder.hpp"

using namespace loa::recovery;
using namespace std::chrono_literals;
using loa::scheduler::from_ms;

TEST_CASE("what is wrong with the backups is said, and nothing where they are young and good") {
  const auto now = from_ms(1'795'500'000'000);
  const auto days = [&](int count) { return now - count * 24h; };
  struct Row {
    const char* name;
    std::optional<Stamp> stamp;
    loa::scheduler::TimePoint installed;
    std::chrono::hours most;
    const char* says;
  };
  const std::vector<Row> rows{
      {"a new controller", std::nullopt, days(1), 48h, ""},
      {"never", std::nullopt, days(3), 48h, "no backup was ever made"},
      {"never, and nobody wants one", std::nullopt, days(300), 0h, ""},
      {"yesterday", Stamp{days(1), "/b", {}, {}}, days(300), 48h, ""},
      {"long ago", Stamp{days(3), "/b", {}, {}}, days(300), 48h, "the last backup is of"},
      {"failed since", Stamp{days(1), "/b", days(0), "no space"}, days(300), 48h, "failed: no space"},
      {"failed before it worked", Stamp{days(0), "/b", days(1), "no space"}, days(300), 48h, ""},
      {"failed at the first try", Stamp{from_ms(0), "", days(0), "no space"}, days(1), 48h, "failed: no space"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto trouble = trouble_of_backups(row.stamp, row.installed, now, row.most);
    if (std::string(row.says).empty())
      CHECK(trouble == "");
    else
      CHECK_THAT(trouble, Catch::Contains(row.says));
  }
}

TEST_CASE("a backup from before another authority was begun is trouble, however new") {
  using loa::scheduler::from_ms;
  const auto now = from_ms(1'800'000'000'000);
  const std::chrono::hours most(48), hour(1);
  const auto backup = [&](std::chrono::hours ago) { return Stamp{now - ago, "/backups/loa", {}, ""}; };
  CHECK_THAT(trouble_of_backups(backup(2 * hour), now, now, most, now - hour), Catch::Contains("before another certificate authority was begun"));
  CHECK(trouble_of_backups(backup(hour), now, now, most, now - 2 * hour).empty());
  CHECK(trouble_of_backups(std::nullopt, now, now, most, now - hour).empty());  // that there is none is said after its time
  CHECK(trouble_of_backups(backup(2 * hour), now, now, std::chrono::hours(0), now - hour).empty());
}

TEST_CASE("a note of a backup is read as written, and a spoilt one counts as none") {
  const loa::tests::TempFolder folder;
  CHECK_FALSE(read_stamp(folder.path()));
  const Stamp stamp{from_ms(1), "/backups/loa", from_ms(2), "the disk"};
  write_stamp(folder.path(), stamp);
  CHECK(read_stamp(folder.path()) == stamp);
  loa::tests::put(folder / "last-backup.json", "{\"made\":1");
  CHECK_FALSE(read_stamp(folder.path()));
}
