#include "controller/media/clip_store.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/media/sounds.hpp"

using namespace loa::media;
using namespace loa::media::testing;

namespace {

// SHA-256 of "abc" (FIPS 180-4, appendix).
const std::string kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("a clip is named by the hash of its bytes and found again") {
  loa::tests::TempFolder folder;
  ClipStore store(folder / "clips");
  CHECK_FALSE(store.exists(kAbc));
  CHECK(store.take(write_bytes(store.work_file(".opus"), "abc")) == kAbc);
  CHECK(store.exists(kAbc));
  CHECK(store.size(kAbc) == 3U);
  CHECK(store.path_of(kAbc) == folder / "clips" / std::filesystem::path(kAbc + ".opus"));
  CHECK(store.verify(kAbc));
  CHECK(store.take(write_bytes(store.work_file(".opus"), "abc")) == kAbc);
  CHECK(std::filesystem::is_empty(folder / "clips/tmp"));
}

TEST_CASE("a clip whose bytes changed on disk is not verified") {
  loa::tests::TempFolder folder;
  ClipStore store(folder.path());
  store.take(write_bytes(store.work_file(""), "abc"));
  write_bytes(*store.path_of(kAbc), "abd");
  CHECK_FALSE(store.verify(kAbc));
}

TEST_CASE("only hashes are names") {
  for (const std::string name : {"", "abc", "../../etc/passwd"}) CHECK_FALSE(is_clip_name(name));
  CHECK_FALSE(is_clip_name(std::string(64, 'g')));
  CHECK_FALSE(is_clip_name(std::string(64, 'A')));
  CHECK(is_clip_name(kAbc));
  loa::tests::TempFolder folder;
  CHECK_FALSE(ClipStore(folder.path()).path_of("../tmp"));
}

TEST_CASE("a store that starts again keeps its clips and forgets work in hand") {
  loa::tests::TempFolder folder;
  {
    ClipStore store(folder.path());
    store.take(write_bytes(store.work_file(""), "abc"));
    write_bytes(store.work_file(".upload"), "half");
  }
  ClipStore store(folder.path());
  CHECK(store.exists(kAbc));
  CHECK(std::filesystem::is_empty(folder / "tmp"));
  CHECK(store.remove(kAbc));
  CHECK_FALSE(store.exists(kAbc));
  CHECK_FALSE(store.remove(kAbc));
}
