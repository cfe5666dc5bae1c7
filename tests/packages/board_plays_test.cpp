#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/support/places.hpp"
#include "tests/system/village.hpp"

// A board's program as qemu plays its processor, in a village whose broker and controller are this machine's own.

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

TEST_CASE("a node built for ARM joins, takes one plan, fetches it, plays it, and its record comes home") {
  struct Row {
    const char* arch;
    const char* qemu;
  };
  for (const auto& row : {Row{"arm64", "qemu-aarch64-static"}, Row{"armhf", "qemu-arm-static"}}) {
    DYNAMIC_SECTION(row.arch) {
      Village village;
      auto root = village.run({(source_folder() / "tools/package.d/root").string(), row.arch}, "root");
      root.erase(root.find_last_not_of(" \n") + 1);
      const auto program = (source_folder() / "build" / row.arch / "bin/loa-node").string();
      REQUIRE(std::filesystem::exists(program));  // packages/rooms_on_ARCH builds it
      village.add_node("PX-01", Village::kWard);
      // What follows is the native program's path, which the board's takes the place of. In the root, because qemu's `-L` does not stand in for
      // every call by which a program of 32 bits asks for a file.
      const std::string in_root = R"(
        set -e
        root=$1 qemu=$2 program=$3
        shift 4
        for place in "$LOA_SOURCE" "$LOA_NODE" /dev; do mkdir -p "$root$place"; mount --bind "$place" "$root$place"; done
        touch "$root/etc/hosts"
        mount --bind /etc/hosts "$root/etc/hosts"
        mount -t proc none "$root/proc"
        exec chroot "$root" "/usr/bin/$qemu" "$program" "$@")";
      village.start_node("PX-01", {{"unshare", "--mount", "sh", "-c", in_root, "sh", root, row.qemu, program},
                                   {"LOA_SOURCE=" + source_folder().string(), "LOA_NODE=" + village.node_folder("PX-01").string()}});
      const bool ready = village.nodes_ready(120s);
      INFO((ready ? "" : village.last_words()));
      REQUIRE(ready);
      const auto broadcast = village.schedule(village.approved_programme(), 30s);
      const auto records = village.wait_for_records("broadcast=" + broadcast, 1, 120s);
      INFO(json::serialize(records) << village.last_words());
      REQUIRE(records.size() == 1);
      CHECK(text(records[0], "outcome") == "played");
      CHECK(records[0].at("heard_ms") == records[0].at("planned_ms"));
      CHECK(records[0].at("level_dbfs").as_double() > -40.0);
    }
  }
}
