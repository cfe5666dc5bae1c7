#include "controller/recovery/backup.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "controller/recovery/restore.hpp"
#include "controller/recovery/stamp.hpp"
#include "controller/recovery/state_tree.hpp"
#include "controller/store/recovery_hold.hpp"
#include "tests/controller/recovery/state_folder.hpp"

using namespace loa;
using namespace loa::recovery;
using namespace loa::tests;
namespace fs = std::filesystem;

namespace {

/// What a restore of this backup makes, as files by path.
std::map<std::string, std::string> restored(const fs::path& from, const fs::path& state) {
  restore(from.string(), state, scheduler::from_ms(StateFolder::kNow + 1000));
  auto files = StateFolder::files(state);
  CHECK(files.erase("last-backup.json") == 1);
  return files;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void backup_to_file(const BackupRequest& request, const fs::path& file) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  REQUIRE(out >= 0);
  backup_to_stream(request, out);
  ::close(out);
}

}  // namespace

TEST_CASE("a backup brings back every file of the state folder, also one that nobody thought of, and is on hold") {
  StateFolder source;
  const auto expected = StateFolder::files(source.state);
  REQUIRE(expected.contains("second-factor.key"));
  REQUIRE(expected.contains("later/deep/secret"));
  const auto state = source.folder / "restored";
  SECTION("from a folder") {
    const auto made = backup_to_folder(source.request(), source.folder / "backup");
    CHECK(made.place == (source.folder / "backup").string());
    CHECK(made.manifest.missing.empty());
    CHECK(restored(source.folder / "backup", state) == expected);
  }
  SECTION("from a stream") {
    backup_to_file(source.request(), source.folder / "backup.tar");
    CHECK(StateFolder::files(source.state) == expected);
    CHECK(restored(source.folder / "backup.tar", state) == expected);
  }
  SECTION("into an empty folder that is there") {
    fs::create_directories(state);
    backup_to_folder(source.request(), source.folder / "backup");
    CHECK(restored(source.folder / "backup", state) == expected);
  }
  const auto session = store::open_session((state / "loa.db").string());
  CHECK(store::find_area(*session, "hue")->name == "Huế");
  CHECK(store::list_clip_names(*session).size() == source.clips.size());
  const auto hold = store::find_recovery_hold(*session);
  REQUIRE(hold);
  CHECK(scheduler::to_ms(*hold->backup_made) == StateFolder::kNow);
  CHECK(scheduler::to_ms(read_stamp(state)->made) == StateFolder::kNow);
  CHECK((fs::status(state).permissions() & fs::perms::mask) == fs::perms::owner_all);
  CHECK((fs::status(state / "keys/keyset.jws").permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("backups made while clips are added hold every clip that their database names") {
  StateFolder source;
  std::atomic<bool> stop = false;
  std::thread officer([&] {
    const auto session = store::open_session(source.url);
    for (int i = 0; !stop; ++i) source.add_clip(*session, "clip number " + std::to_string(i));
  });
  std::vector<std::size_t> clips;
  for (int i = 0; i < 4; ++i) {
    const auto to = source.folder / ("backup" + std::to_string(i));
    CHECK(backup_to_folder(source.request(), to).manifest.missing.empty());
    const auto state = source.folder / ("state" + std::to_string(i));
    restore(to.string(), state, scheduler::from_ms(StateFolder::kNow));
    const auto session = store::open_session((state / "loa.db").string());
    const auto names = store::list_clip_names(*session);
    for (const auto& sha256 : names) CHECK(protocol::sha256_hex_of_file(state / clip_path(sha256)) == sha256);
    clips.push_back(names.size());
  }
  stop = true;
  officer.join();
  CHECK(clips.front() < clips.back());
}

TEST_CASE("clips that the disk no longer gives whole are named, and the rest is saved") {
  StateFolder source;
  const auto gone = source.clips.begin()->first;
  const auto spoilt = source.clips.rbegin()->first;
  fs::remove(source.clip_file(gone));
  put(source.clip_file(spoilt), "rotten");
  const std::vector<std::string> missing{gone, spoilt};
  const auto made = backup_to_folder(source.request(), source.folder / "backup");
  CHECK(made.manifest.missing == missing);
  CHECK(restore((source.folder / "backup").string(), source.folder / "one", scheduler::from_ms(StateFolder::kNow)).missing == missing);
  backup_to_file(source.request(), source.folder / "backup.tar");
  CHECK(restore((source.folder / "backup.tar").string(), source.folder / "two", scheduler::from_ms(StateFolder::kNow)).missing == missing);
  CHECK_FALSE(fs::exists(source.folder / "two/clips"));
}

TEST_CASE("of dated backups the newest stay, and what a killed run left is cleared away") {
  StateFolder source;
  const auto folder = source.folder / "backups";
  put(folder / ".loa-20200101T000000Z.partial/loa.db", "half");
  put(folder / ".loa-20200101T000000Z.removing/loa.db", "half");
  put(folder / "loa-20200101T000000Z/loa.db", "no manifest: not ours to count or remove");
  put(folder / "notes.txt", "somebody's");
  for (int day = 0; day < 4; ++day) backup_and_keep(source.request(day * 86'400'000LL), folder, 2);
  CHECK(names_in(folder) == std::vector<std::string>{"loa-20200101T000000Z", "loa-20261126T060000Z", "loa-20261127T060000Z", "notes.txt"});
}

TEST_CASE("backups that lack clips push out no whole one, and do not fill the disk either") {
  StateFolder source;
  const auto folder = source.folder / "backups";
  const auto day = [&](int number) { return backup_and_keep(source.request(number * 86'400'000LL), folder, 2); };
  for (int number = 0; number < 2; ++number) day(number);
  const auto gone = source.clips.begin()->first;
  fs::rename(source.clip_file(gone), source.folder / "away");
  for (int number = 2; number < 5; ++number) CHECK(day(number).manifest.missing == std::vector<std::string>{gone});
  CHECK(names_in(folder) == std::vector<std::string>{"loa-20261124T060000Z", "loa-20261125T060000Z", "loa-20261127T060000Z", "loa-20261128T060000Z"});
  fs::rename(source.folder / "away", source.clip_file(gone));
  CHECK(day(5).left_alone.empty());
  CHECK(names_in(folder) == std::vector<std::string>{"loa-20261125T060000Z", "loa-20261127T060000Z", "loa-20261128T060000Z", "loa-20261129T060000Z"});
}

TEST_CASE("what a wrong clock dated into the future neither counts nor costs the backup just made") {
  StateFolder source;
  const auto folder = source.folder / "backups";
  constexpr std::int64_t day = 86'400'000;
  for (int later = 400; later < 402; ++later) backup_and_keep(source.request(later * day), folder, 2);
  put(folder / "loa-20200101T000000Z/manifest.json", "{}");
  for (int number = 0; number < 3; ++number) {
    const auto made = backup_and_keep(source.request(number * day), folder, 2);
    CHECK(fs::exists(made.place));
    REQUIRE(made.left_alone.size() == 3);
    CHECK_THAT(made.left_alone[0], Catch::Contains("loa-20200101T000000Z/manifest.json"));
    CHECK_THAT(made.left_alone[1], Catch::Contains("loa-20271229T060000Z: is dated later"));
  }
  CHECK(names_in(folder) == std::vector<std::string>{"loa-20200101T000000Z", "loa-20261125T060000Z", "loa-20261126T060000Z", "loa-20271229T060000Z", "loa-20271230T060000Z"});
}

TEST_CASE("what a backup would miss or overwrite is said instead") {
  StateFolder source;
  const auto backup = [&](const fs::path& to) { return backup_to_folder(source.request(), to); };
  const auto to = source.folder / "backup";
  SECTION("the place is taken") {
    fs::create_directories(to);
    CHECK_THROWS_WITH(backup(to), Catch::Contains("is there already"));
    CHECK(names_in(to).empty());
  }
  SECTION("a link in the state folder") {
    fs::create_symlink("/etc/hostname", source.state / "keys/more");
    CHECK_THROWS_WITH(backup(to), Catch::Contains("keys/more: neither a file nor a folder"));
    CHECK_FALSE(fs::exists(to));
  }
  SECTION("a name that a backup cannot hold") {
    put(source.state / "keys/khóa", "secret");
    CHECK_THROWS_WITH(backup(to), Catch::Contains("a backup cannot hold a file of this name"));
  }
  SECTION("half an authority") {
    fs::remove(source.state / "authority/ca.key");
    CHECK_THROWS_WITH(backup(to), Catch::Contains("authority/ca.key"));
  }
  SECTION("a key that is not the one listed") {
    for (const auto& entry : fs::directory_iterator(source.state / "keys"))
      if (entry.path().filename().string().starts_with("working-")) put(entry.path(), content(source.folder / "root.pem"));
    CHECK_THROWS_WITH(backup(to), Catch::Contains("working-"));
  }
  SECTION("a full disk or a folder that is not there") {
    CHECK_THROWS_WITH(backup(source.folder / "none/backup"), Catch::Contains("none/.backup.partial"));
  }
  SECTION("a stream that nobody reads") {
    const int full = ::open("/dev/full", O_WRONLY);
    CHECK_THROWS_WITH(backup_to_stream(source.request(), full), Catch::Contains("No space left"));
    ::close(full);
  }
  for (const auto& name : names_in(source.folder.path())) CHECK_FALSE(name.starts_with("."));
  for (const auto& name : names_in(source.state)) CHECK_FALSE(name.starts_with("."));
}

TEST_CASE("the state folder is taken whole but for the names that are listed with a reason") {
  StateFolder source;
  put(source.state / "keys/.working.tmp-1", "half");
  put(source.state / "loa.db.lock", "");
  put(source.state / "clips/tmp/upload", "half");
  put(source.state / "last-backup.json", "{}");
  put(source.state / "broker/acl", "user controller");
  std::set<std::string> paths;
  for (const auto& file : list_state(source.state)) paths.insert(file.path);
  CHECK(paths.contains("later/deep/secret"));
  CHECK(paths.contains("broker/acl"));
  for (const auto* left : {"keys/.working.tmp-1", "loa.db", "loa.db.lock", "clips/tmp/upload", "last-backup.json"}) CHECK_FALSE(paths.contains(left));
  for (const auto& path : paths) CHECK_FALSE(path.starts_with("clips/"));
}
