#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>

#include "tests/support/false_clock.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

const std::string kBoot = "00000000-0000-4000-8000-000000000009";

std::string true_boot() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

// A root folder that is no mount of its own, with this machine's programs and `shared` at its own path in it.
std::vector<std::string> in_chroot(const std::filesystem::path& root, const std::filesystem::path& shared) {
  const std::string make = R"(
    root=$1 shared=$2
    shift 2
    set -e
    for name in usr bin sbin lib lib64 lib32 etc; do
      if [ -L /$name ]; then cp -P /$name "$root/$name"; elif [ -d /$name ]; then mkdir "$root/$name"; mount --bind /$name "$root/$name"; fi
    done
    mkdir -p "$root/proc" "$root/sys" "$root$shared"
    mount -t proc none "$root/proc"
    mount -t sysfs none "$root/sys"
    mount --bind "$shared" "$root$shared"
    exec chroot "$root" "$@")";
  return {"unshare", "--mount", "sh", "-c", make, "sh", root.string(), shared.string()};
}

struct End {
  int code;
  std::string out;
  std::string err;
};

End run(const TempFolder& folder, std::vector<std::string> argv, const std::vector<std::string>& program) {
  argv.insert(argv.end(), program.begin(), program.end());
  Process process(argv, {folder.path(), "boot", {}, {}});
  const auto code = process.wait(20s);
  return {code.value_or(-1), process.out(), process.err()};
}

}  // namespace

TEST_CASE("a program is shown another boot id and a battery-backed clock, and nobody else is") {
  const TempFolder folder;
  const auto ids = folder / "ids";
  std::filesystem::create_directory(ids);
  const auto before = true_boot();
  std::vector<std::string> argv;
  SECTION("on a machine") {}
  SECTION("in a chroot whose root is no mount") {
    if (run(folder, {"unshare", "--mount"}, {"true"}).code != 0) {
      WARN("skipped: this is such a chroot itself, and the other section has shown it");
      return;
    }
    std::filesystem::create_directory(folder / "root");
    argv = in_chroot(folder / "root", ids);
  }
  const auto boot = another_boot_with_rtc(ids / "boot_id", kBoot);
  argv.insert(argv.end(), boot.begin(), boot.end());
  const auto end = run(folder, argv, {"cat", "/proc/sys/kernel/random/boot_id", "/sys/class/rtc/rtc0/hctosys"});
  INFO(end.err);
  CHECK(end.code == 0);
  CHECK(end.out == kBoot + "\n1\n");
  CHECK(true_boot() == before);
}
