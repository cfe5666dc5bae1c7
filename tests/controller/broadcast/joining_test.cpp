#include "controller/store/recovery_hold.hpp"
#include "tests/controller/broadcast/joining.hpp"

using namespace loa::broadcast;
using namespace std::chrono_literals;
namespace store = loa::store;
namespace protocol = loa::protocol;

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
