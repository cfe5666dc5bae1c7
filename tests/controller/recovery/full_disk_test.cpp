#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <set>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/broker_files.hpp"
#include "controller/authority/files.hpp"
#include "controller/media/clip_store.hpp"
#include "controller/recovery/restore.hpp"
#include "controller/recovery/stamp.hpp"
#include "controller/store/copy_store.hpp"
#include "controller/store/store.hpp"
#include "tests/controller/recovery/state_folder.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/small_disk.hpp"

using namespace loa;
using namespace loa::recovery;
using namespace loa::tests;
namespace fs = std::filesystem;

namespace {

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename() != ".ballast") names.insert(entry.path().filename().string());
  return names;
}

#define NEEDS_A_SMALL_DISK(disk)                                      \
  if (!(disk).available()) {                                          \
    WARN("not checked: only root may mount the disk that this fills"); \
    return;                                                           \
  }

}  // namespace

TEST_CASE("a full disk under the database: what was committed stays, what was not is refused and said, and it goes on when there is room") {
  SmallDisk disk(3);
  NEEDS_A_SMALL_DISK(disk);
  const FakeClock clock;
  const auto file = disk / "loa.db";
  int committed = 0;
  const auto add = [&](store::Store& store) {
    const auto id = "area-" + std::to_string(committed);
    store.write_sync(store::system_actor(), [&](store::Transaction& t) {
      store::Area area;
      area.id = id;
      area.name = std::string(3000, 'n');
      area.kind = "ward";
      store::add_area(t, area);
    });
    ++committed;
  };
  {
    boost::asio::io_context loop;
    store::Store store(loop.get_executor(), file.string(), clock);
    add(store);
    CHECK(store.trouble() == "");
    disk.fill(64 * 1024);
    std::string said;
    for (int i = 0; i < 500 && said.empty(); ++i) try {
        add(store);
      } catch (const std::exception& error) {
        said = error.what();
      }
    CHECK_THAT(said, Catch::Contains("full") || Catch::Contains("I/O"));
    CHECK_THAT(store.trouble(), Catch::Contains("disk"));
    disk.make_room();
    add(store);
    CHECK(store.trouble() == "");
  }
  CHECK(store::find_damage(file) == "");
  const auto session = store::open_session(file.string());
  CHECK(store::list_areas(*session).size() == static_cast<std::size_t>(committed));
}

TEST_CASE("a full disk under a file that is replaced leaves the old one, and nothing half beside it") {
  SmallDisk disk;
  NEEDS_A_SMALL_DISK(disk);
  const auto now = scheduler::from_ms(StateFolder::kNow);
  auto authority = authority::CertificateAuthority::open_or_create(disk / "authority", now);
  authority.revoke("0a", now);
  authority::BrokerSettings settings;
  settings.hosts = {"localhost"};
  settings.live_folder = disk / "live";
  settings.data_folder = disk / "data";
  authority::write_broker_files(disk / "broker", settings, authority, {"n-one"}, now);
  const auto keys = authority::init_keys(fs::temp_directory_path() / protocol::sha256_hex(disk.path().string()), disk.path(), "hue", now);
  fs::remove(fs::temp_directory_path() / protocol::sha256_hex(disk.path().string()));
  write_stamp(disk.path(), {now, "/b", {}, {}});
  const auto before = StateFolder::files(disk.path());
  disk.fill();

  struct Row {
    const char* name;
    std::function<void()> write;
  };
  const std::vector<Row> rows{
      {"a key file", [&] { authority::write_file(disk / "keys/keyset.jws", std::string(9000, 'k'), 0644); }},
      {"a new secret", [&] { authority::write_new_secret(disk / "keys/working-new.pem", std::string(9000, 'k')); }},
      {"the list of revoked certificates",
       [&] {
         std::vector<std::string> serials;
         for (int i = 0x1000; i < 0x1400; ++i) authority.revoke(protocol::sha256_hex(std::to_string(i)).substr(0, 32), now);
       }},
      {"the broker's files", [&] { authority::write_broker_files(disk / "broker", settings, authority, std::vector<std::string>(200, "n-two"), now); }},
      {"the note of a backup", [&] { write_stamp(disk.path(), {now, std::string(900, 'b'), now, std::string(900, 'e')}); }},
      {"a clip", [&] {
         media::ClipStore clips(disk / "clips");
         const auto work = clips.work_file(".upload");
         authority::write_file(work, std::string(100'000, 'c'), 0600);
         clips.take(work);
       }},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK_THROWS_WITH(row.write(), Catch::Contains("No space left"));
    auto after = StateFolder::files(disk.path());
    after.erase(".ballast");
    CHECK(after == before);
  }
  CHECK(authority.revoked().size() == 1);
  disk.make_room();
  for (const auto& row : rows) CHECK_NOTHROW(row.write());
}

TEST_CASE("a backup that meets a full disk fails as a whole, and the older ones stay") {
  StateFolder source;
  SmallDisk disk(2);
  NEEDS_A_SMALL_DISK(disk);
  backup_and_keep(source.request(), disk.path(), 1);
  const auto before = names_in(disk.path());
  REQUIRE(before.size() == 1);
  for (const std::size_t spare : {0, 100'000, 400'000}) {
    disk.make_room();
    disk.fill(spare);
    CHECK_THROWS_WITH(backup_and_keep(source.request(60'000), disk.path(), 1), Catch::Contains("No space left") || Catch::Contains("full") || Catch::Contains("I/O"));
    CHECK(names_in(disk.path()) == before);
  }
  disk.make_room();
  restore((disk / *before.begin()).string(), source.folder / "restored", scheduler::from_ms(StateFolder::kNow));
}

TEST_CASE("a restore onto a disk that is too small is refused before it writes, and one that fills up leaves nothing") {
  StateFolder source;
  SmallDisk disk(2);
  NEEDS_A_SMALL_DISK(disk);
  backup_to_folder(source.request(), source.folder / "backup");
  CHECK_THROWS_WITH(restore((source.folder / "backup").string(), disk / "controller", scheduler::from_ms(StateFolder::kNow)), Catch::Contains("the backup needs more"));
  CHECK(names_in(disk.path()).empty());
}

TEST_CASE("a stream's work in the state folder that finds the disk full leaves nothing there") {
  SmallDisk disk(4);
  NEEDS_A_SMALL_DISK(disk);
  StateFolder source;
  fs::copy(source.state, disk / "controller", fs::copy_options::recursive);
  const BackupRequest request{disk / "controller", (disk / "controller/loa.db").string(), "0.1.0", scheduler::from_ms(StateFolder::kNow)};
  disk.fill(100'000);
  const auto before = names_in(disk / "controller");
  const int out = ::open("/dev/null", O_WRONLY);
  CHECK_THROWS(backup_to_stream(request, out));
  ::close(out);
  CHECK(names_in(disk / "controller") == before);
}
