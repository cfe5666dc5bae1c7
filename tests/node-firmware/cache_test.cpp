#include <catch2/catch.hpp>
#include <fstream>

#include "node-firmware/cache.hpp"
#include "node-firmware/file_hash.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using node::Cache;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

/// Bytes and the hash that names them.
struct Clip {
  std::string bytes;
  std::string sha256;
};

Clip clip_of(const std::string& bytes) {
  tests::TempFolder folder;
  write(folder / "x", bytes);
  return {bytes, node::hash_of_file(folder / "x").value()};
}

node::WantedClip wanted(const Clip& clip, std::int64_t at) {
  return {clip.sha256, static_cast<std::int64_t>(clip.bytes.size()), scheduler::from_ms(at)};
}

void put(Cache& cache, const Clip& clip) {
  write(cache.part(clip.sha256), clip.bytes);
  cache.accept(clip.sha256);
}

struct Bench {
  tests::TempFolder folder;
  node::DiskHealth disk{folder.path(), [] { return std::chrono::nanoseconds(0); }};
  node::CacheSettings settings{folder / "clips", folder / "stock", 1000};
  Clip a = clip_of(std::string(400, 'a')), b = clip_of(std::string(400, 'b')), c = clip_of(std::string(400, 'c'));
};

}  // namespace

TEST_CASE("the hash of a file is SHA-256") {
  // FIPS 180-4, example "abc".
  CHECK(clip_of("abc").sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_FALSE(node::hash_of_file("/nowhere/at/all"));
}

TEST_CASE("a clip is playable once accepted, and again after a restart") {
  Bench bench;
  {
    Cache cache(bench.settings, bench.disk);
    CHECK_FALSE(cache.playable(bench.a.sha256));
    put(cache, bench.a);
    CHECK(cache.find(bench.a.sha256) == bench.settings.folder / (bench.a.sha256 + ".opus"));
  }
  Cache again(bench.settings, bench.disk);
  CHECK(again.playable(bench.a.sha256));
}

TEST_CASE("a file that changed since its hash was proved is not playable and must be proved again") {
  Bench bench;
  struct Row {
    const char* name;
    std::function<void(const fs::path&)> change;
  };
  const std::vector<Row> rows = {
      {"other bytes of the same size", [](auto& file) { fs::remove(file), write(file, std::string(400, 'x')); }},
      {"shorter", [](auto& file) { fs::resize_file(file, 10); }},
      {"gone", [](auto& file) { fs::remove(file); }},
      {"touched", [](auto& file) { fs::last_write_time(file, fs::last_write_time(file) + std::chrono::hours(1)); }},
  };
  for (const Row& row : rows) {
    for (const bool restart : {false, true}) {
      DYNAMIC_SECTION(row.name << (restart ? " while the node was off" : "")) {
        auto cache = std::make_unique<Cache>(bench.settings, bench.disk);
        put(*cache, bench.a);
        const fs::path file = cache->find(bench.a.sha256).value();
        row.change(file);
        if (restart) cache = std::make_unique<Cache>(bench.settings, bench.disk);
        CHECK_FALSE(cache->playable(bench.a.sha256));
        CHECK_FALSE(fs::exists(file));
      }
    }
  }
}

TEST_CASE("a clip without a record of its proof becomes a part") {
  Bench bench;
  fs::create_directories(bench.settings.folder);
  write(bench.settings.folder / (bench.a.sha256 + ".opus"), bench.a.bytes);
  Cache cache(bench.settings, bench.disk);
  CHECK_FALSE(cache.playable(bench.a.sha256));
  CHECK(fs::exists(cache.part(bench.a.sha256)));
}

TEST_CASE("a broken record proves nothing and stops nothing") {
  Bench bench;
  { Cache cache(bench.settings, bench.disk); put(cache, bench.a); }
  write(bench.settings.folder / "verified.json", "{\"x");
  Cache cache(bench.settings, bench.disk);
  CHECK_FALSE(cache.playable(bench.a.sha256));
  CHECK(fs::exists(cache.part(bench.a.sha256)));
}

TEST_CASE("strays are removed at the start, parts only when nobody wants them") {
  Bench bench;
  fs::create_directories(bench.settings.folder / "sub");
  write(bench.settings.folder / "notes.txt", "x");
  write(bench.settings.folder / "short.opus", "x");
  write(bench.settings.folder / "sub" / "y", "x");
  Cache cache(bench.settings, bench.disk);
  CHECK(fs::is_empty(bench.settings.folder));
  write(cache.part(bench.a.sha256), "aaa");
  write(cache.part(bench.b.sha256), "bbb");
  cache.want({wanted(bench.a, 1)});
  CHECK(fs::exists(cache.part(bench.a.sha256)));
  CHECK_FALSE(fs::exists(cache.part(bench.b.sha256)));
}

TEST_CASE("room is made from what was planned longest ago, never from what is wanted") {
  Bench bench;
  bench.settings.budget_bytes = 2000;  // the record of proofs counts too
  Cache cache(bench.settings, bench.disk);
  cache.want({wanted(bench.a, 300), wanted(bench.b, 100), wanted(bench.c, 200)});
  for (const auto& clip : {bench.a, bench.b, bench.c}) put(cache, clip);
  cache.want({wanted(bench.c, 200)});
  CHECK(cache.make_room(100));
  CHECK(cache.playable(bench.b.sha256));
  CHECK(cache.make_room(500));
  CHECK_FALSE(cache.playable(bench.b.sha256));
  CHECK(cache.playable(bench.a.sha256));
  CHECK_FALSE(cache.make_room(1800));
  CHECK(cache.playable(bench.c.sha256));
}

TEST_CASE("shipped clips are playable by hash and found by name") {
  Bench bench;
  fs::create_directories(bench.settings.stock);
  write(bench.settings.stock / "tone.opus", bench.a.bytes);
  write(bench.settings.stock / "README", "not a clip");
  Cache cache(bench.settings, bench.disk);
  CHECK(cache.find(bench.a.sha256) == bench.settings.stock / "tone.opus");
  REQUIRE(cache.shipped("tone"));
  CHECK(cache.shipped("tone")->first == bench.a.sha256);
  CHECK_FALSE(cache.shipped("README"));
}

TEST_CASE("the report counts what is wanted and what of it is held") {
  Bench bench;
  Cache cache(bench.settings, bench.disk);
  cache.want({wanted(bench.a, 1), wanted(bench.b, 2)});
  put(cache, bench.a);
  const auto report = cache.report();
  CHECK(report.wanted == 2);
  CHECK(report.held == 1);
  CHECK(report.held_bytes >= 400);
  CHECK(report.budget_bytes == 1000);
  CHECK(report.disk_free > 0);
}
