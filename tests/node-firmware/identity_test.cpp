#include <catch2/catch.hpp>

#include "node-firmware/command_line.hpp"
#include "node-firmware/durable_file.hpp"
#include "node-firmware/identity.hpp"
#include "test_controller.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::tests;

namespace {

int code_of(const std::function<void()>& act, const std::string& words) {
  try {
    act();
  } catch (const node::JoinError& error) {
    CHECK_THAT(error.what(), Catch::Contains(words));
    return error.exit_code;
  }
  return 0;
}

}  // namespace

TEST_CASE("a node joins with its bundle once, and needs it no more") {
  TempFolder folder;
  TestController controller;
  const auto file = folder / "node.bundle";
  node::write_durably(file, protocol::encode(controller.bundle()));
  CHECK(node::join(folder / "state", file).bundle.node == TestController::kNode);
  node::remove_durably(file);
  const auto identity = node::join(folder / "state", std::nullopt);
  CHECK(identity.bundle == controller.bundle());
  CHECK(identity.key.public_key() == controller.node_key.public_key());
}

TEST_CASE("what keeps a node from joining is said") {
  TempFolder folder;
  TestController controller;
  const auto state = folder / "state";
  const auto file = folder / "node.bundle";
  SECTION("no bundle was ever given") {
    CHECK(code_of([&] { node::join(state, std::nullopt); }, "has not joined yet") == node::kExitNotJoined);
  }
  SECTION("the file is not there") {
    CHECK(code_of([&] { node::join(state, file); }, "no such bundle file") == node::kExitNotJoined);
  }
  SECTION("the file is no bundle") {
    node::write_durably(file, "{}");
    CHECK(code_of([&] { node::join(state, file); }, "not a bundle") == node::kExitBundle);
  }
  SECTION("it is another node's") {
    node::write_durably(file, protocol::encode(controller.bundle()));
    node::join(state, file);
    auto other = controller.bundle();
    other.node = "n-other";
    node::write_durably(file, protocol::encode(other));
    CHECK(code_of([&] { node::join(state, file); }, "already holds node n-phu-bai-1") == node::kExitBundle);
    CHECK(node::join(state, std::nullopt).bundle.node == TestController::kNode);
  }
}
