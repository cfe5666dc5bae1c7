#include "controller/key_keeper.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "controller/authority/files.hpp"
#include "controller/authority/root_key.hpp"
#include "protocol/clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using Catch::Contains;
using controller::KeyKeeper;

namespace {

struct Fixture {
  tests::TempFolder folder;
  std::filesystem::path root = folder / "root.pem";
  std::filesystem::path state = folder / "controller";
  scheduler::TimePoint now = protocol::SystemClock().now();
  authority::ControllerKeys first = authority::init_keys(root, state, "hue", now);
  boost::asio::io_context loop;
  std::vector<std::int64_t> taken;
  KeyKeeper keeper{loop.get_executor(), state, std::make_shared<authority::ControllerKeys>(authority::load_keys(state)),
                   [this](const KeyKeeper::Keys& keys) { taken.push_back(keys->key_set.number); }};

  authority::ControllerKeys rotate() { return authority::change_keys(root, state, {}, {}, now); }
  void put(const std::string& jws) { authority::write_file(authority::key_set_file(state), jws + "\n", 0644); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a key set that takes its place while the controller runs is handed on once") {
  keeper.look();
  CHECK(taken.empty());
  rotate();
  keeper.look();
  keeper.look();
  CHECK(taken == std::vector<std::int64_t>{2});
  CHECK(keeper.keys()->working.size() == 2);
  CHECK(keeper.trouble().empty());
}

TEST_CASE_METHOD(Fixture, "it is seen without being asked") {
  keeper.start(20ms);
  rotate();
  CHECK(tests::run_until(loop, [&] { return !taken.empty(); }));
  keeper.stop();
}

TEST_CASE_METHOD(Fixture, "what must not be published changes nothing, is trouble, and ends as trouble when it is put right") {
  const auto second = rotate();
  keeper.look();
  REQUIRE(taken.size() == 1);
  struct Row {
    const char* name;
    std::function<void()> spoil;
    std::string says;
  };
  const std::vector<Row> rows{
      {"an older set", [&] { put(first.key_set_jws); }, "key set 1 is not above 2"},
      {"another root's set",
       [&] {
         authority::make_root(folder / "foreign.pem");
         put(authority::sign_key_set(folder / "foreign.pem", {"", second.key_set.keys, {}, {}, false}, now).jws);
       },
       "not a key set signed by this root"},
      {"half a set", [&] { put(second.key_set_jws.substr(0, 100)); }, "not a key set signed by this root"},
      {"no set", [&] { std::filesystem::remove(authority::key_set_file(state)); }, "keyset.jws"},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      row.spoil();
      keeper.look();
      CHECK_THAT(keeper.trouble(), Contains(row.says));
      CHECK(keeper.keys()->key_set.number == 2);
      put(second.key_set_jws);
      keeper.look();
      CHECK(keeper.trouble().empty());
      rotate();
      keeper.look();
      CHECK(taken == std::vector<std::int64_t>{2, 3});
    }
  }
}
