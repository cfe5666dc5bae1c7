#include <sys/stat.h>
#include <unistd.h>

#include "node-firmware/folder_lock.hpp"
#include "pole.hpp"

// Whose rights `loa-node check` and `join` act with.

using namespace loa;
using namespace loa::tests;

TEST_CASE("run by root, the check becomes the account that the node's folder belongs to") {
  if (::geteuid() != 0) return;
  Pole pole;
  pole.write_plan();
  constexpr uid_t kNobody = 65534;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pole.state())) REQUIRE(::chown(entry.path().c_str(), kNobody, kNobody) == 0);
  REQUIRE(::chown(pole.state().c_str(), kNobody, kNobody) == 0);
  std::filesystem::permissions(pole / "", std::filesystem::perms::all);
  const auto checked = pole.check();
  INFO(checked.whole);
  CHECK(checked.code == 0);
  struct stat made {};
  REQUIRE(::stat((pole / "sound.wav.check").c_str(), &made) == 0);
  CHECK(made.st_uid == kNobody);
}

TEST_CASE("a bundle is taken in by the account that the node's folder belongs to, and by no running node") {
  if (::geteuid() != 0) return;
  Pole pole;
  std::filesystem::remove(pole.state() / "bundle.json");
  constexpr uid_t kNobody = 65534;
  REQUIRE(::chown(pole.state().c_str(), kNobody, kNobody) == 0);
  std::filesystem::permissions(pole / "", std::filesystem::perms::all);
  std::filesystem::permissions(pole / "bundle.json", std::filesystem::perms::owner_read);
  const auto join = [&](const std::string& file) {
    tests::Process program({(program_folder() / "loa-node").string(), "join", (pole / file).string(), "--config", (pole / "node.toml").string()},
                           {pole / "", "join", {}, pole / ""});
    const auto code = program.wait(20s);
    return std::pair(code, program.out() + program.err());
  };
  CHECK(join("no-such.bundle").first == 66);
  CHECK(join("node.toml").first == 65);
  {
    const auto held = node::FolderLock::take(pole.state());
    CHECK(join("bundle.json").first == 1);
  }
  const auto [code, words] = join("bundle.json");
  INFO(words);
  CHECK(code == 0);
  CHECK_THAT(words, Catch::Contains("joined as n-phu-bai-1 (HUE-PB-01)"));
  struct stat made {};
  REQUIRE(::stat((pole.state() / "bundle.json").c_str(), &made) == 0);
  CHECK(made.st_uid == kNobody);
  CHECK((made.st_mode & 0777) == 0600);
}
