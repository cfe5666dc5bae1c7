#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/alarms.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/broadcasts.hpp"
#include "protocol/codec.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "tests/support/alert_row.hpp"
#include "tests/controller/store/fixture.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_link.hpp"
#include "tests/support/loop.hpp"

namespace loa::broadcast {

using protocol::MessageType;

/// A key set number `number` of `kids`, each allowed everything in `branch`, signed by `root`.
inline std::shared_ptr<const ControllerKeys> make_keys(const protocol::PrivateKey& root, std::int64_t number,
                                                    const std::string& branch, TimePoint now,
                                                    const std::vector<std::string>& kids = {"k1"}) {
  auto keys = std::make_shared<ControllerKeys>();
  keys->root = root.public_key();
  keys->key_set.number = number;
  keys->key_set.issued = now;
  for (const auto& kid : kids) {
    keys->working.push_back({kid, protocol::PrivateKey::generate()});
    protocol::SigningKey listed;
    listed.kid = kid;
    listed.public_key = keys->working.back().key.public_key();
    listed.may_sign = {MessageType::head,    MessageType::plan, MessageType::alert, MessageType::order,
                       MessageType::log_ack, MessageType::controller_state, MessageType::certificate};
    listed.branch = branch;
    listed.not_before = now - std::chrono::hours(24);
    listed.not_after = now + std::chrono::hours(24 * 365);
    keys->key_set.keys.push_back(std::move(listed));
  }
  keys->key_set_jws =
      protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(keys->key_set), root);
  return keys;
}

/// A node as the controller sees it: it signs what the test makes it say, and reads what it is sent as a real one would.
struct FakeNode {
  std::string id;
  std::vector<std::string> areas;
  protocol::PrivateKey key = protocol::PrivateKey::generate();
  protocol::State state;

  FakeNode(std::string node, std::vector<std::string> chain) : id(std::move(node)), areas(std::move(chain)) {
    state.node = id;
    state.session = "s-1";
    state.session_number = 1;
    state.lifecycle = protocol::Lifecycle::ready;
    state.formats = {1};
    state.clock = scheduler::ClockQuality::synced;
    state.log_id = "log-" + id;
    state.version = "0.1.0";
  }
  /// Its next state, signed, with a new nonce.
  std::string say(TimePoint now) {
    ++state.sequence;
    state.issued = now;
    state.nonce = protocol::random_nonce();
    return protocol::pack(MessageType::state, id, protocol::encode(state), key);
  }
  std::string sign(MessageType type, const std::string& json) const { return protocol::pack(type, id, json, key); }
};

/// A controller's broadcast room on a real store, with a broker that the test plays and a clock that it ticks.
struct Station {
  tests::TempFolder folder;
  tests::FakeClock clock;
  boost::asio::io_context loop;
  protocol::PrivateKey root = protocol::PrivateKey::generate();
  std::shared_ptr<const ControllerKeys> keys = make_keys(root, 1, "hue", clock.now());
  std::unique_ptr<store::Store> store;
  std::unique_ptr<tests::FakeLink> link;
  std::unique_ptr<Broadcaster> broadcaster;
  std::vector<Change> changes;
  protocol::Formats formats;
  Millis period{0};  ///< of ticks by themselves
  int issued = 0;      ///< certificates
  bool certificates_are_real = false;
  int keys_ended = 0;  ///< times that the broker was to learn it
  FakeNode one{"n-one", {"hue", "hue-19753"}};
  FakeNode two{"n-two", {"hue", "hue-19774"}};

  template <class F>
  auto write(F work) {
    return store->write_sync(store::Actor{"u-test", ""}, std::move(work));
  }

  Station() {
    open();
    write([this](store::Transaction& t) {
      add_area(t, store::Province::area("hue", "", "46"));
      add_area(t, store::Province::area("hue-19753", "hue", "19753"));
      add_area(t, store::Province::area("hue-19774", "hue", "19774"));
      for (const auto* node : {&one, &two}) {
        auto row = store::Province::node(node->id, "code-" + node->id, node->areas.back());
        row.signing_key = node->key.public_key();
        add_node(t, row);
      }
      put_clip(t, store::Province::clip('a'));
    });
  }
  ~Station() { close(); }

  /// A certificate that the test can tell from others; the request `bad` cannot have one.
  authority::IssuedCertificate issue(const std::string& csr, const std::string& node) {
    if (csr == "bad") throw std::invalid_argument("certificate: not a request");
    if (certificates_are_real) {
      ++issued;
      return ca().issue_client(node, clock.now());
    }
    const auto number = std::to_string(++issued);
    return {"certificate " + number + " of " + node, "", "c" + number, clock.now() + store::kNodeKeysLife};
  }
  authority::CertificateAuthority ca() { return authority::CertificateAuthority::open_or_create(folder / "ca", clock.now()); }
  void open() {
    store = std::make_unique<store::Store>(loop.get_executor(), tests::store_url(folder / "loa.db"), clock);
  }
  void close() {
    broadcaster.reset();
    link.reset();
    store.reset();
  }
  /// Starts the room and settles; connected where asked for.
  void start(bool connect = true) {
    link = std::make_unique<tests::FakeLink>();
    broadcaster = std::make_unique<Broadcaster>(
        *store, *link, keys, PlanSettings{{"mqtts://broker:8883"}, {"https://files:8443"}, {}},
        [this](const Change& change) { changes.push_back(change); }, formats);
    broadcaster->certify_with([this](const std::string& csr, const std::string& node) { return issue(csr, node); },
                              [this](const std::string& pem, const std::string& node) { return ca().read_client(pem, node); }, [this] { ++keys_ended; });
    bool loaded = false;
    std::exception_ptr error;
    boost::asio::co_spawn(loop, broadcaster->load(), [&](std::exception_ptr thrown) {
      error = thrown;
      loaded = true;
    });
    REQUIRE(loa::tests::run_until(loop, [&] { return loaded; }));
    if (error) std::rethrow_exception(error);
    broadcaster->start(period);
    settle();
    if (connect) link->connect();
    settle();
  }
  /// The controller stops and starts again on the same store.
  void restart(bool connect = true) {
    close();
    open();
    start(connect);
  }
  void settle() {
    REQUIRE(loa::tests::run_until(loop, [&] { return broadcaster->idle(); }));
    link->acknowledge();
  }
  /// Until nothing comes any more, also where something goes on failing.
  void rest() {
    loa::tests::run_until(loop, [] { return false; }, std::chrono::milliseconds(300));
  }
  void tick(Millis by) {
    clock.tick(by);
    broadcaster->tick();
    settle();
  }
  void say(FakeNode& node, bool retained = false) {
    link->deliver(protocol::state_topic(node.id), node.say(clock.now()), retained);
    settle();
  }
  /// What a broker that kept everything would retain, by topic.
  std::map<std::string, std::string> retained() const {
    std::map<std::string, std::string> retained;
    for (const auto& sent : link->sent)
      if (sent.retained) retained[sent.topic] = sent.payload;
    std::erase_if(retained, [](const auto& kept) { return kept.second.empty(); });
    return retained;
  }
  /// The last message of a type that the node would take, as its JSON; fails where none was sent or it does not verify.
  std::string last(MessageType type, const FakeNode& node, const std::string& topic) {
    const auto sent = link->sent_to(topic);
    REQUIRE_FALSE(sent.empty());
    return verified(type, node, sent.back());
  }
  std::string verified(MessageType type, const FakeNode& node, const std::string& packet) {
    protocol::KeyRing ring(root.public_key());
    REQUIRE(ring.take(keys->key_set_jws).has_value());
    const auto payload = ring.verify(packet, type, node.areas);
    if (!payload) FAIL(payload.error().message);
    return payload->payload;
  }
  protocol::Head last_head(const FakeNode& node) {
    return *protocol::decode_head(last(MessageType::head, node, protocol::head_topic(node.id)), node.id);
  }
  scheduler::Plan last_plan(const FakeNode& node) {
    return *protocol::decode_plan(last(MessageType::plan, node, protocol::plan_topic(node.id)), node.id);
  }
  protocol::LogAck last_ack(const FakeNode& node) {
    return *protocol::decode_log_ack(last(MessageType::log_ack, node, protocol::log_ack_topic(node.id)), node.id);
  }
  scheduler::AlertSnapshot last_alerts(const std::string& area) {
    const FakeNode& below = area == "hue-19774" ? two : one;
    return *protocol::decode_alert(last(MessageType::alert, below, protocol::alert_topic(area)), area);
  }
  std::size_t heads_to(const FakeNode& node) { return link->sent_to(protocol::head_topic(node.id)).size(); }
  std::size_t plans_to(const FakeNode& node) { return link->sent_to(protocol::plan_topic(node.id)).size(); }

  /// An approved programme scheduled each day at 18:00 local time on the nodes below `area`; gives the broadcast's id.
  std::string schedule(const std::string& area, const std::string& rrule = "FREQ=DAILY;COUNT=3") {
    auto id = add_schedule(area, rrule);
    broadcaster->plans_changed({area}, {});
    settle();
    return id;
  }
  /// The same in the store alone.
  std::string add_schedule(const std::string& area, const std::string& rrule = "FREQ=DAILY;COUNT=3") {
    store::Programme programme;
    programme.id = protocol::random_id("p");
    programme.area = area;
    programme.title = "Luật Đất đai";
    programme.script = "Hai câu.";
    programme.clip_sha256 = std::string(64, 'a');
    programme.author = "u-author";
    store::Broadcast broadcast;
    broadcast.id = protocol::random_id("b");
    broadcast.programme = programme.id;
    broadcast.area = area;
    broadcast.areas = {area};
    broadcast.when.rrule = rrule;
    const auto today = std::chrono::floor<std::chrono::days>(scheduler::to_local(clock.now(), broadcast.when.zone));
    broadcast.when.start = today + std::chrono::hours(18);
    write([&](store::Transaction& t) {
      add_programme(t, programme);
      submit_programme(t, programme.id);
      approve_programme(t, programme.id, store::find_programme(t.session(), programme.id)->content_hash);
      REQUIRE(add_broadcast(t, broadcast));
    });
    return broadcast.id;
  }
  /// An alert of the area that is confirmed in the store, of which the room has not been told.
  std::string confirm_alert(const std::string& area, int repeats = 1, const std::string& language = "vi") {
    auto row = tests::flood_in(area, clock.now());
    row.alert.language = language;
    row.alert.repeats = repeats;
    row.alert.repeat_every = Millis{60000};
    row.lasts = std::chrono::hours(4);
    write([&](store::Transaction& t) { tests::put_in_force(t, row); });
    return row.alert.id;
  }
  /// Puts an alert of the area in force, as an approver does.
  std::string raise_alert(const std::string& area, int repeats = 1) {
    auto id = confirm_alert(area, repeats);
    broadcaster->alert_changed(area);
    settle();
    return id;
  }
  void cancel_alert(const std::string& area, const std::string& id) {
    write([&](store::Transaction& t) { REQUIRE(store::cancel_alert(t, id)); });
    broadcaster->alert_changed(area);
    settle();
  }
  std::vector<store::Alarm> alarms() {
    broadcaster->tick();
    settle();
    return store->run_sync([](store::Session& s) { return store::list_alarms(s, {{"hue"}, true, {}, 100, {}}); });
  }
  std::vector<store::RefusalRow> refusals() {
    broadcaster->tick();
    settle();
    return store->run_sync([](store::Session& s) { return store::list_refusals(s, {"hue"}, true); });
  }
};

}  // namespace loa::broadcast
