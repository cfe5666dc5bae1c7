#include "controller/store/receipts.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
using namespace std::chrono_literals;
namespace store = loa::store;
namespace protocol = loa::protocol;

namespace {

std::string kid_of(const std::string& packet, MessageType type) { return protocol::open(packet, type).value().kid; }

std::string last_kid(Station& station, const std::string& topic, MessageType type) {
  const auto sent = station.link->sent_to(topic);
  REQUIRE_FALSE(sent.empty());
  return kid_of(sent.back(), type);
}

/// A set with `k1` as it was and `k2` besides, whose dates begin later.
std::shared_ptr<const ControllerKeys> followed(Station& station, bool revoke) {
  auto next = std::make_shared<ControllerKeys>();
  next->key_set = station.keys->key_set;
  next->key_set.number = 2;
  for (const auto& own : station.keys->working)
    if (!revoke) next->working.push_back({own.kid, protocol::PrivateKey::from_pem(own.key.to_pem()).value()});
  next->working.push_back({"k2", protocol::PrivateKey::generate()});
  auto listed = next->key_set.keys[0];
  if (revoke) next->key_set.keys[0].revoked = station.clock.now();
  listed.kid = "k2";
  listed.public_key = next->working.back().key.public_key();
  listed.not_before += 1h;
  next->key_set.keys.push_back(listed);
  next->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(next->key_set), station.root);
  return next;
}

}  // namespace

TEST_CASE("what follows a key set is published first, and everything is signed anew by the key whose dates begin last") {
  const bool revoke = GENERATE(false, true);
  CAPTURE(revoke);
  Station station;
  station.start();
  station.schedule("hue-19753");
  station.say(station.one);
  protocol::Order order;
  order.id = "o-1";
  order.node = "n-one";
  order.issued = station.clock.now();
  order.expires = order.issued + Millis{60000};
  order.kind = protocol::OrderKind::stop;
  order.areas = station.one.areas;
  station.write([&](store::Transaction& t) { add_order(t, order); });
  station.broadcaster->send_order(order);
  const auto revision = station.last_plan(station.one).revision;
  const auto before = station.link->sent.size();

  station.keys = followed(station, revoke);
  station.broadcaster->keys_changed(station.keys);
  station.settle();
  const auto& sent = station.link->sent;
  REQUIRE(sent.size() > before);
  CHECK(sent[before].topic == protocol::keys_topic());
  CHECK(sent[before].retained);
  CHECK(last_kid(station, protocol::head_topic("n-one"), MessageType::head) == "k2");
  CHECK(last_kid(station, protocol::order_topic("n-one"), MessageType::order) == "k2");
  CHECK(last_kid(station, protocol::controller_state_topic(), MessageType::controller_state) == "k2");
  CHECK(last_kid(station, protocol::plan_topic("n-one"), MessageType::plan) == "k2");
  CHECK(station.last_plan(station.one).revision > revision);
  CHECK(station.last_head(station.one).key_set == 2);
}

TEST_CASE("what somebody left on the broker is looked for when the keys change") {
  Station station;
  station.start();
  station.tick(RetainedTopics::kLongest + Millis{1});  // the check after the connect is over
  station.keys = followed(station, true);
  station.broadcaster->keys_changed(station.keys);
  station.settle();
  const auto stranger = protocol::alert_topic("hue-19774");
  station.link->deliver(stranger, "left by a thief", true);
  station.tick(RetainedTopics::kLongest + Millis{1});
  const auto sent = station.link->sent_to(stranger);
  REQUIRE_FALSE(sent.empty());
  CHECK(sent.back().empty());  // cleared
}

TEST_CASE("a node that reports an older key set gets the newest once more, live, at most every ten seconds") {
  Station station;
  station.keys = make_keys(station.root, 5, "hue", station.clock.now());
  station.start();
  station.tick(RetainedTopics::kLongest + Millis{1});  // the check after the connect is over
  const auto published = [&] { return station.link->sent_to(protocol::keys_topic()).size(); };
  station.one.state.key_set = 5;
  station.say(station.one);
  const auto before = published();
  station.one.state.key_set = 4;
  station.say(station.one);
  station.say(station.one);
  CHECK(published() == before + 1);
  CHECK(station.link->sent_to(protocol::keys_topic()).back() == station.keys->key_set_jws);
  station.tick(Millis{10'000});
  station.say(station.one);
  CHECK(published() == before + 2);
}
