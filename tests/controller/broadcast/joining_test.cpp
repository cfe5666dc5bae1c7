#include <algorithm>

#include <soci/soci.h>

#include "controller/authority/openssl_handles.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/base64url.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
using namespace std::chrono_literals;
namespace store = loa::store;
namespace protocol = loa::protocol;
namespace authority = loa::authority;

namespace {

/// New keys of a board, and the request for them.
struct NewKeys {
  protocol::PrivateKey key = protocol::PrivateKey::generate();
  protocol::CertificateRequest request;

  NewKeys(const FakeNode& node, TimePoint now, const std::string& id = "q-1") {
    request.node = node.id;
    request.id = id;
    request.issued = now;
    request.csr_pem = "csr";
    request.signing_key = key.public_key();
    prove();
  }
  void prove() { request.proof = protocol::to_base64url(key.sign(protocol::proof_text(request))); }
};

struct Joining : Station {
  std::string topic = protocol::certificate_topic("n-one");
  Joining() {
    start();
    say(one);
  }
  void ask(const NewKeys& wanted, const protocol::PrivateKey& by) {
    link->deliver(protocol::certificate_request_topic(wanted.request.node),
                  protocol::sign(MessageType::certificate_request, wanted.request.node, protocol::encode(wanted.request), by));
    settle();
  }
  void ask(const NewKeys& wanted) { ask(wanted, one.key); }
  std::size_t answers() { return link->sent_to(topic).size(); }
  protocol::Certificate answer() { return *protocol::decode_certificate(last(MessageType::certificate, one, topic), "n-one"); }
  /// A state of the node, signed by `by`.
  void say_with(const protocol::PrivateKey& by, bool retained = false) {
    one.say(clock.now());
    link->deliver(protocol::state_topic("n-one"), protocol::sign(MessageType::state, "n-one", protocol::encode(one.state), by), retained);
    settle();
  }
  std::vector<std::string> alarm_kinds() {
    std::vector<std::string> kinds;
    for (const auto& alarm : alarms()) kinds.push_back(std::string(store::name_of(alarm.kind)) + " " + alarm.subject);
    std::sort(kinds.begin(), kinds.end());  // of one millisecond they have no order
    return kinds;
  }
  std::string serial() {
    return store->run_sync([](store::Session& s) { return store::find_node(s, "n-one")->certificate_serial; });
  }
  std::size_t keys_known(const std::string& node = "n-one") {
    return store->run_sync([&](store::Session& s) { return store::list_node_keys(s, node).size(); });
  }
  std::vector<std::string> ended() {
    return store->run_sync([this](store::Session& s) { return store::list_ended_serials(s, clock.now()); });
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Joining, "a board that asks gets a certificate, and its first state with the new keys ends the bundle's") {
  const NewKeys own(one, clock.now());
  ask(own);
  REQUIRE(answers() == 1);
  CHECK(answer().request == "q-1");
  CHECK(answer().certificate_pem == "certificate 1 of n-one");
  CHECK(answer().signing_key == own.key.public_key());
  CHECK(serial() == "0a1b");
  CHECK(keys_ended == 0);

  SECTION("the same request is answered alike, also by a controller that started anew") {
    ask(own);
    REQUIRE(answers() == 2);
    CHECK(answer().certificate_pem == "certificate 1 of n-one");
    restart();
    ask(own);
    CHECK(answer().certificate_pem == "certificate 1 of n-one");
    CHECK(issued == 1);
    CHECK(alarm_kinds().empty());
  }
  SECTION("a state by a copy of the bundle, above whose numbers none can come, ends with the bundle's key") {
    const auto session = one.state.session_number;
    one.state.session_number = (std::int64_t{1} << 53) - 1;
    say_with(one.key);
    one.state.session_number = session + 1;
    const auto heads = heads_to(one);
    say_with(own.key);
    CHECK(heads_to(one) == heads + 1);
    CHECK(serial() == "c1");
    const auto held = store->run_sync([](store::Session& s) { return store::find_node_state(s, "n-one"); });
    REQUIRE(held);
    CHECK(held->state.session_number == session + 1);
    restart();  // on disk too
    ++one.state.session_number;
    const auto before = heads_to(one);
    say_with(own.key);
    CHECK(heads_to(one) == before + 1);
    CHECK(alarm_kinds().empty());
  }
  SECTION("until then the bundle's keys serve") {
    say(one);
    CHECK(serial() == "0a1b");
    CHECK(alarm_kinds().empty());
  }
  SECTION("the first state with the new keys") {
    ++one.state.session_number;
    const auto heads = heads_to(one);
    say_with(own.key);
    CHECK(heads_to(one) == heads + 1);
    CHECK(serial() == "c1");
    CHECK(ended() == Names{"0a1b"});
    CHECK(keys_ended == 1);
    CHECK(alarm_kinds().empty());

    SECTION("a state, a log and a request with the bundle's key are refused and an alarm") {
      const auto heads_before = heads_to(one);
      say_with(one.key);
      ask(NewKeys(one, clock.now(), "q-2"));
      CHECK(heads_to(one) == heads_before);
      CHECK(answers() == 1);
      CHECK(alarm_kinds() == Names{"bundle_used_twice n-one"});
      CHECK(alarms().at(0).count == 2);
    }
    SECTION("a board that the broker refuses says so another way, and is an alarm too") {
      NewKeys late(one, clock.now(), "q-late");
      const auto signed_by = [&](const protocol::PrivateKey& by) {
        return protocol::sign(MessageType::certificate_request, "n-one", protocol::encode(late.request), by);
      };
      for (const auto& nothing : {std::string("noise"), signed_by(late.key), signed_by(own.key), signed_by(two.key)}) {
        broadcaster->board_refused(nothing);
        settle();
      }
      CHECK(alarm_kinds().empty());
      broadcaster->board_refused(signed_by(one.key));
      settle();
      CHECK(alarm_kinds() == Names{"bundle_used_twice n-one"});
    }
    SECTION("the will of the session before, an old retained state and the request come again are none") {
      one.state.lifecycle = protocol::Lifecycle::gone;
      say_with(one.key);
      one.state.lifecycle = protocol::Lifecycle::ready;
      say_with(one.key, true);
      ask(own);
      CHECK(alarm_kinds().empty());
      CHECK(broadcaster->health().nodes == 2);
      CHECK(refusals().empty());
    }
    SECTION("a controller that started anew knows it all") {
      restart();
      say_with(own.key);
      CHECK(alarm_kinds().empty());
      say_with(one.key);
      CHECK(alarm_kinds() == Names{"bundle_used_twice n-one"});
    }
    SECTION("renewal takes the same road, and what former own keys sign is an alarm of its own") {
      NewKeys next(one, clock.now(), "q-next");
      clock.tick(Millis{365LL * 24 * 3600 * 1000});
      keys = make_keys(root, 2, "hue", clock.now());
      restart();
      ++one.state.session_number;
      say_with(own.key);
      ask(next, own.key);
      CHECK(answer().certificate_pem == "certificate 2 of n-one");
      ++one.state.session_number;
      say_with(next.key);
      CHECK(serial() == "c2");
      CHECK(ended() == Names{"0a1b", "c1"});
      say_with(own.key);
      CHECK(alarm_kinds() == Names{"node_signature n-one"});
    }
    SECTION("it may ask for others again, where its disk lost those that were coming, but not for ever") {
      for (int number = 2; number <= 12; ++number) ask(NewKeys(one, clock.now(), "q-" + std::to_string(number)), own.key);
      CHECK(issued == Certifier::kMostADay);
      CHECK(refusals().at(0).code == "too_often");
      CHECK(ended().size() == 1 + Certifier::kMostADay - 2);  // the bundle's and all but the last that was offered
    }
  }
}

TEST_CASE_METHOD(Joining, "a second board with the same bundle gets nothing and is an alarm") {
  const NewKeys first(one, clock.now());
  const NewKeys second(one, clock.now(), "q-2");
  ask(first);
  ask(second);
  CHECK(answers() == 1);
  CHECK(issued == 1);
  CHECK(alarm_kinds() == Names{"bundle_used_twice n-one"});
  say_with(second.key);
  CHECK(serial() == "0a1b");
  CHECK(alarm_kinds() == Names{"bundle_used_twice n-one", "node_signature n-one"});
}

TEST_CASE_METHOD(Joining, "a request that cannot be granted is refused, counted and shown") {
  struct Row {
    const char* name;
    std::function<void(NewKeys&)> change;
    const char* code;
  };
  const Row rows[] = {
      {"without proof of the new key", [](NewKeys& made) { made.request.proof = std::string(85, 'A') + "A"; }, "bad_signature"},
      {"proved for another request", [](NewKeys& made) { made.request.id = "q-other"; }, "bad_signature"},
      {"for no certificate request", [](NewKeys& made) { made.request.csr_pem = "bad", made.prove(); }, "malformed"},
      {"of another node", [](NewKeys& made) { made.request.node = "n-two", made.prove(); }, "wrong_audience"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    NewKeys own(one, clock.now());
    row.change(own);
    link->deliver(protocol::certificate_request_topic("n-one"),
                  protocol::sign(MessageType::certificate_request, "n-one", protocol::encode(own.request), one.key));
    settle();
    const auto list = refusals();
    CHECK(std::any_of(list.begin(), list.end(), [&](const auto& refusal) { return refusal.code == row.code && refusal.about == "certificate-request"; }));
    CHECK(answers() == 0);
  }
  CHECK(serial() == "0a1b");
}

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

TEST_CASE_METHOD(Joining, "no certificate is given during a hold; a board that asks again after it gets one") {
  write([](store::Transaction& t) { store::begin_recovery_hold(t, "restored from a backup", std::nullopt); });
  restart();
  say(one);
  const NewKeys own(one, clock.now());
  ask(own);
  CHECK(answers() == 0);
  CHECK(issued == 0);
  write([](store::Transaction& t) { REQUIRE(store::end_recovery_hold(t)); });
  broadcaster->resume();
  settle();
  ask(own);
  CHECK(answers() == 1);
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

TEST_CASE_METHOD(Joining, "keys that were given before are not given again") {
  const NewKeys own(one, clock.now());
  ask(own);
  ++one.state.session_number;
  say_with(own.key);
  NewKeys again(one, clock.now(), "q-2");
  again.request.signing_key = own.request.signing_key;
  again.request.proof = protocol::to_base64url(own.key.sign(protocol::proof_text(again.request)));
  ask(again, own.key);
  CHECK(answers() == 1);
  CHECK(refusals().at(0).code == "stale");
}

TEST_CASE("without a working key that may sign certificates nobody is answered until there is one") {
  Joining joining;
  auto old = std::make_shared<ControllerKeys>();
  old->key_set = joining.keys->key_set;
  old->key_set.number = 2;
  std::erase(old->key_set.keys[0].may_sign, MessageType::certificate);
  old->working.push_back({"k1", protocol::PrivateKey::from_pem(joining.keys->working[0].key.to_pem()).value()});
  old->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(old->key_set), joining.root);
  joining.broadcaster->keys_changed(old);
  joining.settle();
  const NewKeys own(joining.one, joining.clock.now());
  joining.ask(own);
  CHECK(joining.answers() == 0);
  CHECK(joining.issued == 0);
  CHECK_THAT(joining.broadcaster->health().trouble, Catch::Contains("loa-certificate"));
  joining.keys = make_keys(joining.root, 3, "hue", joining.clock.now());
  joining.broadcaster->keys_changed(joining.keys);
  joining.settle();
  joining.ask(own);
  CHECK(joining.answers() == 1);
}

TEST_CASE_METHOD(Joining, "nodes whose keys will soon end are named, bundles too") {
  const NewKeys own(one, clock.now());
  clock.tick(Millis{400LL * 24 * 3600 * 1000});
  keys = make_keys(root, 2, "hue", clock.now());
  restart();
  ask(own);
  ++one.state.session_number;
  say_with(own.key);
  CHECK(broadcaster->lapsing(std::chrono::hours(24 * 180)).empty());
  clock.tick(Millis{4LL * 365 * 24 * 3600 * 1000 - 100LL * 24 * 3600 * 1000});
  const auto lapsing = broadcaster->lapsing(std::chrono::hours(24 * 180));
  REQUIRE(lapsing.size() == 1);
  CHECK(lapsing[0].id == "n-two");
  CHECK(lapsing[0].bundled);
  CHECK(lapsing[0].area == "hue-19774");
}
