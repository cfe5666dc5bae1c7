#include "controller/authority/key_files.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "controller/authority/files.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;
using Catch::Contains;
using protocol::MessageType;

namespace {

const scheduler::TimePoint kNow = *scheduler::parse_rfc3339("2026-11-24T06:00:00Z");

struct Fixture {
  tests::TempFolder folder;
  std::filesystem::path root = folder / "root.pem";
  std::filesystem::path controller = folder / "controller";
};

bool mode_is_secret(const std::filesystem::path& file) {
  struct stat status {};
  return stat(file.c_str(), &status) == 0 && (status.st_mode & 07777) == 0600;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the first keys are what a node with the root key believes") {
  const auto keys = init_keys(root, controller, "hue", kNow);
  protocol::KeyRing ring(keys.root);
  const auto taken = ring.take(keys.key_set_jws);
  REQUIRE(taken.has_value());
  CHECK(taken->number == 1);
  REQUIRE(keys.working.size() == 1);
  const auto& listed = keys.key_set.keys.at(0);
  CHECK(listed.branch == "hue");
  for (const auto type : {MessageType::head, MessageType::plan, MessageType::alert, MessageType::order,
                          MessageType::log_ack, MessageType::controller_state})
    CHECK(std::count(listed.may_sign.begin(), listed.may_sign.end(), type) == 1);
  CHECK(std::count(listed.may_sign.begin(), listed.may_sign.end(), MessageType::keys) == 0);

  protocol::Order order;
  order.id = "o-1";
  order.node = "n-1";
  order.issued = kNow;
  order.expires = kNow + std::chrono::minutes(1);
  order.areas = {"hue", "hue-19753"};
  const auto jws = protocol::sign(MessageType::order, keys.working[0].kid, protocol::encode(order), keys.working[0].key);
  CHECK(ring.verify(jws, MessageType::order, {"hue", "hue-19753"}).has_value());
}

TEST_CASE_METHOD(Fixture, "the root's private key is in its own file and nowhere in the controller's folder") {
  const auto keys = init_keys(root, controller, "hue", kNow);
  const std::string secret = read_file(root);
  CHECK(mode_is_secret(root));
  CHECK(mode_is_secret(controller / "keys" / ("working-" + keys.working[0].kid + ".pem")));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(controller))
    if (entry.is_regular_file()) {
      CAPTURE(entry.path());
      CHECK(read_file(entry.path()).find(secret.substr(30, 40)) == std::string::npos);
    }
  CHECK_THROWS_WITH(init_keys(folder / "c2" / "root.pem", folder / "c2", "hue", kNow), Contains("apart from"));
  CHECK_FALSE(std::filesystem::exists(folder / "c2"));
}

TEST_CASE_METHOD(Fixture, "nothing that is there is overwritten") {
  init_keys(root, controller, "hue", kNow);
  const std::string before = read_file(root);
  CHECK_THROWS_WITH(init_keys(root, folder / "other", "hue", kNow), Contains("never overwritten"));
  CHECK_THROWS_WITH(init_keys(folder / "root2.pem", controller, "hue", kNow), Contains("loa keys renew"));
  CHECK_FALSE(std::filesystem::exists(folder / "root2.pem"));
  CHECK(read_file(root) == before);
  CHECK_THROWS_WITH(init_keys(folder / "root3.pem", folder / "third", "Huế", kNow), Contains("not an area id"));
}

TEST_CASE_METHOD(Fixture, "renewed keys have the next number, and a revoked one counts no more") {
  const auto first = init_keys(root, controller, "hue", kNow);
  const std::string old_kid = first.working[0].kid;
  const auto second = renew_keys(root, controller, "hue", {}, kNow + std::chrono::hours(1));
  CHECK(second.key_set.number == 2);
  CHECK(second.working.size() == 2);
  const auto third = renew_keys(root, controller, "hue", {old_kid}, kNow + std::chrono::hours(2));
  CHECK(third.key_set.number == 3);
  CHECK(third.working.size() == 2);
  CHECK_FALSE(std::filesystem::exists(controller / "keys" / ("working-" + old_kid + ".pem")));
  protocol::KeyRing ring(first.root);
  REQUIRE(ring.take(first.key_set_jws).has_value());
  CHECK(ring.counts(old_kid));
  REQUIRE(ring.take(third.key_set_jws).has_value());
  CHECK_FALSE(ring.counts(old_kid));
  CHECK_FALSE(ring.take(second.key_set_jws).has_value());
  CHECK_THROWS_WITH(renew_keys(root, controller, "hue", {"k9"}, kNow), Contains("no key \"k9\""));
  init_keys(folder / "foreign.pem", folder / "foreign", "hue", kNow);
  CHECK_THROWS_WITH(renew_keys(folder / "foreign.pem", controller, "hue", {}, kNow), Contains("is not the root key"));
}

TEST_CASE_METHOD(Fixture, "spoilt key files are named") {
  const auto keys = init_keys(root, controller, "hue", kNow);
  const auto file = controller / "keys";
  const auto working = file / ("working-" + keys.working[0].kid + ".pem");
  SECTION("a set that another root signed") {
    init_keys(folder / "r2.pem", folder / "c2", "hue", kNow);
    std::filesystem::copy_file(folder / "c2" / "keys" / "keyset.jws", file / "keyset.jws",
                               std::filesystem::copy_options::overwrite_existing);
    CHECK_THROWS_WITH(load_keys(controller), Contains("keyset.jws"));
  }
  SECTION("another working key") {
    write_file(working, protocol::PrivateKey::generate().to_pem(), 0600);
    CHECK_THROWS_WITH(load_keys(controller), Contains("is not the key that the key set lists"));
  }
  SECTION("no key in the file") {
    write_file(working, "text", 0600);
    CHECK_THROWS_WITH(load_keys(controller), Contains("working-"));
  }
  SECTION("a missing file, whose key may be elsewhere") {
    std::filesystem::remove(working);
    CHECK(load_keys(controller).working.empty());
  }
  SECTION("a spoilt root") {
    write_file(file / "root.pub", "text\n", 0644);
    CHECK_THROWS_WITH(load_keys(controller), Contains("root.pub"));
  }
}
