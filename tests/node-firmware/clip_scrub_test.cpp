#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "node-firmware/clip_scrub.hpp"
#include "node-firmware/file_hash.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/small_disk.hpp"

using namespace loa;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const auto kNow = scheduler::from_ms(1'790'000'000'000);

std::chrono::nanoseconds no_time() { return {}; }

std::string put(node::Cache& cache, const fs::path& folder, const std::string& bytes) {
  std::ofstream(folder / "x", std::ios::binary) << bytes;
  const auto sha256 = node::hash_of_file(folder / "x").value();
  fs::rename(folder / "x", cache.part(sha256));
  REQUIRE(cache.accept(sha256));
  return sha256;
}

/// As flash does it: a bit changes, and nothing in the file's inode tells.
void flip_a_bit(const fs::path& file) {
  struct stat before {};
  REQUIRE(::stat(file.c_str(), &before) == 0);
  const int fd = ::open(file.c_str(), O_RDWR);
  char byte = 0;
  REQUIRE(::pread(fd, &byte, 1, 100) == 1);
  byte = static_cast<char>(byte ^ 4);
  REQUIRE(::pwrite(fd, &byte, 1, 100) == 1);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  REQUIRE(::futimens(fd, times) == 0);
  ::close(fd);
}

struct Bench {
  node::ClipScrub::Times times() const { return {5ms, every, age, 2h, 5ms, 5ms}; }
  bool judge(int times_judged) {
    node::ClipScrub scrub(loop.get_executor(), cache, [] { return kNow; }, times(), [this] { ++judged; });
    return tests::run_until(loop, [&] { return judged >= times_judged; }, 2s);
  }
  std::chrono::milliseconds every = 1ms, age = 24h;
  tests::TempFolder folder;
  boost::asio::io_context loop;
  node::DiskHealth disk{folder.path(), no_time};
  node::CacheSettings settings{folder / "clips", {}, 1 << 20};
  node::Cache cache{settings, disk};
  int judged = 0;
};

}  // namespace

TEST_CASE("a bit that flipped in a clip at rest is found, and the clip is wanted anew") {
  Bench bench;
  const auto good = put(bench.cache, bench.folder.path(), std::string(4000, 'a'));
  const auto bad = put(bench.cache, bench.folder.path(), std::string(4000, 'b'));
  const auto file = bench.cache.find(bad).value();
  flip_a_bit(file);
  CHECK(bench.cache.playable(bad));  // size, time and inode tell nothing
  bench.age = 0ms;
  REQUIRE(bench.judge(2));
  CHECK_FALSE(bench.cache.playable(bad));
  CHECK_FALSE(fs::exists(file));
  CHECK(bench.cache.playable(good));
  CHECK(bench.cache.take_lost());
  CHECK_FALSE(bench.cache.take_lost());
}

TEST_CASE("a clip that cannot be read is told as the disk's fault and asked for three times before it is fetched anew") {
  Bench bench;
  const auto clip = put(bench.cache, bench.folder.path(), std::string(4000, 'a'));
  bench.age = 0ms;
  const auto held = [&] { return bench.cache.to_prove(kNow, std::chrono::nanoseconds::max(), true).value(); };
  SECTION("three times in a row") {
    for (int times = 1; times < 3; ++times) {
      bench.cache.judge(held(), node::Cache::Bytes::unreadable, 1s);
      CHECK(bench.disk.state() == node::DiskState::failing);
      CHECK(bench.cache.playable(clip));
    }
    bench.cache.judge(held(), node::Cache::Bytes::unreadable, 1s);
    CHECK_FALSE(bench.cache.playable(clip));
    CHECK(bench.cache.take_lost());
  }
  SECTION("and once well in between") {
    for (int times = 0; times < 4; ++times) {
      bench.cache.judge(held(), times == 2 ? node::Cache::Bytes::good : node::Cache::Bytes::unreadable, 1s);
      CHECK(bench.disk.state() == (times == 2 ? node::DiskState::ok : node::DiskState::failing));
    }
    CHECK(bench.cache.playable(clip));
  }
  SECTION("and who played it is believed, until the scrub has read it") {
    bench.cache.could_not_read(clip, "file: Input/output error");
    CHECK_THAT(bench.disk.why(), Catch::Contains("Input/output error"));
    REQUIRE(bench.judge(1));
    CHECK(bench.disk.state() == node::DiskState::ok);
    CHECK(bench.cache.playable(clip));
  }
}

TEST_CASE("after a start each clip that is needed soon is read once, the others one at a time") {
  Bench bench;
  const auto later = put(bench.cache, bench.folder.path(), std::string(400, 'a'));
  const auto soon = put(bench.cache, bench.folder.path(), std::string(400, 'b'));
  node::Cache again(bench.settings, bench.disk);
  again.want({{later, 400, kNow + 5h}, {soon, 400, kNow + 1h}});
  const auto first = again.to_prove(kNow + 2h, 1ns, false);
  REQUIRE(first);
  CHECK(first->sha256 == soon);
  again.judge(*first, node::Cache::Bytes::good, 5s);
  CHECK_FALSE(again.to_prove(kNow + 2h, 1ns, false));
  REQUIRE(again.to_prove(kNow + 2h, 1ns, true));
  CHECK(again.to_prove(kNow + 2h, 1ns, true)->sha256 == later);
  CHECK(again.to_prove(kNow + 2h, 6s, false)->sha256 == soon);  // its proof is old by then
}

TEST_CASE("a clip that was fetched anew while it was read is not judged by its old bytes") {
  Bench bench;
  const auto clip = put(bench.cache, bench.folder.path(), std::string(400, 'a'));
  const auto before = bench.cache.to_prove(kNow, std::chrono::nanoseconds::max(), true).value();
  fs::remove(before.file);
  CHECK_FALSE(bench.cache.playable(clip));
  put(bench.cache, bench.folder.path(), std::string(400, 'a'));
  bench.cache.judge(before, node::Cache::Bytes::changed, 1s);
  CHECK(bench.cache.playable(clip));
}

TEST_CASE("an index that a full disk refuses is written when there is room, and clips stay playable meanwhile") {
  tests::SmallDisk small;
  if (!small.available()) {
    WARN("not run: no right to mount");
    return;
  }
  std::chrono::nanoseconds now{};
  node::DiskHealth disk(small.path(), [&] { return now; });
  const node::CacheSettings settings{small / "clips", {}, 1 << 20};
  std::string clip;
  {
    node::Cache cache(settings, disk);
    std::ofstream(small / "x", std::ios::binary) << std::string(400, 'a');
    clip = node::hash_of_file(small / "x").value();
    fs::rename(small / "x", cache.part(clip));
    small.fill();
    fs::remove(small / "ballast");
    small.fill();
    CHECK(cache.accept(clip));
    CHECK(cache.playable(clip));
    CHECK(disk.state() == node::DiskState::full);
    small.make_room();
    now += 2min;
    cache.report();
    CHECK(fs::exists(small / "clips/verified.json"));
  }
  node::Cache again(settings, disk);
  CHECK(again.playable(clip));
}
