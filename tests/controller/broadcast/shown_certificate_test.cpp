#include <soci/soci.h>

#include "controller/authority/openssl_handles.hpp"
#include "tests/controller/broadcast/joining.hpp"

// A board that shows the certificate it was given, to a controller that does not know of it.

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;
namespace authority = loa::authority;

TEST_CASE("a store that came back from a backup learns a board's newer keys from the certificate that it was given") {
  Joining joining;
  joining.certificates_are_real = true;
  const NewKeys own(joining.one, joining.clock.now());
  joining.clock.tick(Millis{100});
  joining.ask(own);
  REQUIRE(joining.answers() == 1);
  const auto word = joining.link->sent_to(joining.topic).back();
  const auto serial = authority::serial_of(authority::certificate_from_pem(joining.answer().certificate_pem).get());
  const auto show = [&](const std::string& what) {
    joining.link->deliver(protocol::certificate_request_topic("n-one"), what);
    joining.settle();
  };

  SECTION("where it knows the keys, nothing changes") {
    show(word);
    CHECK(joining.keys_known() == 2);
  }
  // The backup was made before the board asked.
  joining.write([](store::Transaction& t) { t.session() << "delete from node_keys where bundled = 0"; });
  joining.restart();
  REQUIRE(joining.keys_known() == 1);
  joining.one.state.session_number = 5;

  SECTION("its own word is taken, and the next state with the keys counts") {
    show(word);
    CHECK(joining.keys_known() == 2);
    joining.say_with(own.key);
    CHECK(joining.serial() == serial);
    CHECK(joining.ended() == Names{"0a1b"});
    CHECK(joining.alarm_kinds().empty());
  }
  SECTION("a word by a key that was revoked since is not") {
    const auto next = std::const_pointer_cast<ControllerKeys>(make_keys(joining.root, 2, "hue", joining.clock.now(), {"k2"}));
    next->key_set.keys.push_back(joining.keys->key_set.keys[0]);
    next->key_set.keys.back().revoked = joining.clock.now();
    joining.broadcaster->keys_changed(next);
    joining.settle();
    show(word);
    CHECK(joining.keys_known() == 1);
  }
  SECTION("nor one for another node, nor one of older keys than the store knows") {
    joining.link->deliver(protocol::certificate_request_topic("n-two"), word);
    joining.settle();
    CHECK(joining.keys_known("n-two") == 1);
    joining.clock.tick(Millis{100});
    joining.ask(NewKeys(joining.one, joining.clock.now(), "q-newer"));
    REQUIRE(joining.keys_known() == 2);
    show(word);
    CHECK(joining.keys_known() == 2);
    CHECK(joining.alarm_kinds() == Names{"bundle_used_twice n-one"});
  }
}

TEST_CASE("who has a key of one branch, or a certificate that is not the node's, takes over no board by showing it") {
  Joining joining;
  joining.certificates_are_real = true;
  // The true keys of each branch, and of the whole tree.
  auto keys = std::const_pointer_cast<ControllerKeys>(make_keys(joining.root, 2, "hue", joining.clock.now(), {"k2", "k-two"}));
  keys->key_set.keys[1].branch = "hue-19774";
  keys->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(keys->key_set), joining.root);
  joining.keys = keys;
  joining.broadcaster->keys_changed(keys);
  joining.settle();

  const auto key = protocol::PrivateKey::generate();
  const auto now = joining.clock.now();
  auto ca = joining.ca();
  const auto given = ca.issue_client("n-one", now);
  struct Row {
    const char* name;
    std::size_t signs;  ///< which of the keys
    std::vector<std::string> areas;
    std::string certificate_pem;
    const char* says;
  };
  const std::vector<std::string> own{"hue", "hue-19753"};
  const auto other = authority::CertificateAuthority::open_or_create(joining.folder / "other", now);
  const Row rows[] = {
      {"a key of another branch", 1, own, given.certificate_pem, "the node is not under it"},
      {"a key of another branch, that names it", 1, {"hue", "hue-19774"}, given.certificate_pem, "the node is not under it"},
      {"another authority's certificate", 0, own, other.issue_client("n-one", now).certificate_pem, "by no authority of this controller"},
      {"another node's certificate", 0, own, ca.issue_client("n-two", now).certificate_pem, "it names another than n-one"},
      {"the controller's", 0, own, ca.issue_client("controller", now).certificate_pem, "it names another than n-one"},
      {"a server's", 0, own, ca.issue_server("n-one", {"localhost"}, now).certificate_pem, "not that of a client"},
      {"the authority's own", 0, own, ca.certificate_pem(), "it names another than n-one"},
      {"no certificate", 0, own, "certificate", "none"},
  };
  const auto show = [&](const Row& row) {
    const protocol::Certificate shown{"n-one", joining.clock.now() + Millis{100}, "q-shown", row.certificate_pem, key.public_key(), row.areas};
    const auto& by = keys->working[row.signs];
    joining.clock.tick(Millis{100});
    joining.link->deliver(protocol::certificate_request_topic("n-one"), protocol::sign(MessageType::certificate, by.kid, protocol::encode(shown), by.key));
    joining.settle();
  };
  std::int64_t refused = 0;
  for (const auto& row : rows) {
    INFO(row.name);
    show(row);
    CHECK(joining.keys_known() == 1);
    joining.say_with(key);
    CHECK(joining.serial() == "0a1b");
    const auto list = joining.refusals();
    std::int64_t count = 0;
    std::string said;
    for (const auto& one : list)
      if (one.about == "certificate-request") {
        count += one.count;
        said += one.message;
      }
    CHECK(count == ++refused);
    CHECK_THAT(said, Catch::Contains(row.says));
  }
  CHECK(joining.ended().empty());
  CHECK(joining.alarm_kinds() == Names{"node_signature n-one"});
  show({"the true one", 0, own, given.certificate_pem, ""});
  CHECK(joining.keys_known() == 2);
}
