// What comes from the broker to a controller, whole, on a real database: from one node whose keys are somebody's, and from nobody at all, in any order.
// The other node is honest: whatever is said, it is heard and answered.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>

#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/areas.hpp"
#include "protocol/codec.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_link.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::fuzz {
namespace {

using broadcast::Broadcaster;
using protocol::MessageType;
using scheduler::Millis;

constexpr int kMostSteps = 16;
constexpr int kStoriesAWorld = 200;  // then a new one: what earlier inputs left behind hides little
constexpr const char* kHonest = "n-honest";
constexpr const char* kBad = "n-bad";

struct Node {
  std::string id;
  protocol::PrivateKey key = protocol::PrivateKey::generate();
};

std::shared_ptr<const broadcast::ControllerKeys> make_keys(const protocol::PrivateKey& root, scheduler::TimePoint now) {
  auto keys = std::make_shared<broadcast::ControllerKeys>();
  keys->root = root.public_key();
  keys->key_set.number = 1;
  keys->key_set.issued = now;
  keys->working.push_back({"k1", protocol::PrivateKey::generate()});
  protocol::SigningKey listed;
  listed.kid = "k1";
  listed.public_key = keys->working.back().key.public_key();
  listed.may_sign = authority::working_types();
  listed.branch = "hue";
  listed.not_before = now - std::chrono::hours(24);
  listed.not_after = now + std::chrono::hours(24 * 365);
  keys->key_set.keys.push_back(std::move(listed));
  keys->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(keys->key_set), root);
  return keys;
}

store::Area area(const char* id, const char* parent) {
  store::Area made;
  made.id = id;
  made.parent = parent;
  made.name = id;
  made.kind = *parent ? "commune" : "province";
  return made;
}

// A controller's broadcast room, whose broker is the input.
class World {
 public:
  World() {
    x_store.write_sync(store::system_actor(), [this](store::Transaction& transaction) {
      store::add_area(transaction, area("hue", ""));
      store::add_area(transaction, area("hue-1", "hue"));
      for (const auto* one : {&honest, &bad}) {
        store::Node node;
        node.id = one->id;
        node.code = "code-" + one->id;
        node.area = "hue-1";
        node.name = one->id;
        node.signing_key = one->key.public_key();
        node.certificate_serial = "serial-" + one->id;
        store::add_node(transaction, node);
      }
    });
    const auto none = [](const std::string&, const std::string&) -> authority::IssuedCertificate { throw std::invalid_argument("certificate: none here"); };
    x_broadcaster.certify_with(none, none, [] {});
    bool loaded = false;
    boost::asio::co_spawn(x_loop, x_broadcaster.load(), [&](std::exception_ptr error) {
      loaded = true;
      if (error) std::rethrow_exception(error);
    });
    tests::run_until(x_loop, [&] { return loaded; });
    x_broadcaster.start(Millis{0});
    link.connect();
    settle();
  }

  void settle() {
    demand(tests::run_until(x_loop, [this] { return x_broadcaster.idle(); }), "what came is worked off");
    link.acknowledge();
  }
  void deliver(std::string topic, std::string payload, bool retained) {
    link.deliver(std::move(topic), std::move(payload), retained);
    settle();
  }
  void tick(Millis by) {
    clock.tick(by);
    x_broadcaster.tick();
    settle();
  }
  // The honest node says how it is, and gets a head that answers it.
  void expect_answer() {
    protocol::State state;
    state.node = honest.id;
    state.session = "s-honest";
    state.session_number = 1;
    state.sequence = ++x_sequence;
    state.issued = clock.now();
    state.nonce = protocol::random_nonce();
    state.lifecycle = protocol::Lifecycle::ready;
    state.formats = {1};
    state.log_id = "log-honest";
    state.version = "0.1.0";
    deliver(protocol::state_topic(honest.id), protocol::pack(MessageType::state, honest.id, protocol::encode(state), honest.key), false);
    const auto heads = link.sent_to(protocol::head_topic(honest.id));
    demand(!heads.empty(), "an honest node is answered");
    const auto payload = protocol::open(heads.back(), MessageType::head);
    const auto head = protocol::decode_head(payload.value().payload, honest.id);
    demand(head.has_value() && head->nonce == state.nonce, "the head answers what the honest node said");
    link.sent.clear();
  }

  Node honest{kHonest}, bad{kBad};
  tests::FakeClock clock;
  tests::FakeLink link;

 private:
  tests::TempFolder x_folder;
  boost::asio::io_context x_loop;
  protocol::PrivateKey x_root = protocol::PrivateKey::generate();
  store::Store x_store{x_loop.get_executor(), (x_folder / "loa.db").string(), clock};
  Broadcaster x_broadcaster{x_store, link, make_keys(x_root, clock.now()), {{"mqtts://broker:8883"}, {"https://files:8443"}, {}}, [](const broadcast::Change&) {}, {}};
  std::int64_t x_sequence = 0;
};

// One step a line. Its first letter says what happens:
//   t SECONDS   time passes             s r l c JSON     signed by the bad node as state, receipt, log, certificate-request
//   d           the broker is new       u TOPIC PAYLOAD  unsigned, live; U: as the broker retains it
void step(World& world, std::string_view line) {
  if (line.empty()) return;
  const auto rest = line.substr(line.size() > 1 && line[1] == ' ' ? 2 : 1);
  const auto say = [&](MessageType type, std::string topic) {
    world.deliver(std::move(topic), protocol::pack(type, kBad, rest, world.bad.key), false);
  };
  switch (line[0]) {
    case 't': {
      int seconds = 0;
      std::from_chars(rest.data(), rest.data() + rest.size(), seconds);
      world.tick(std::chrono::seconds(std::clamp(seconds, 0, 600)));
      break;
    }
    case 'd':
      if (world.link.connected()) world.link.drop();
      world.link.connect();
      world.settle();
      break;
    case 's': say(MessageType::state, protocol::state_topic(kBad)); break;
    case 'r': say(MessageType::receipt, protocol::receipt_topic(kBad)); break;
    case 'l': say(MessageType::log, protocol::log_topic(kBad)); break;
    case 'c': say(MessageType::certificate_request, protocol::certificate_request_topic(kBad)); break;
    case 'u':
    case 'U':
      if (const auto space = rest.find(' '); space != std::string_view::npos)
        world.deliver(std::string(rest.substr(0, space)), std::string(rest.substr(space + 1)), line[0] == 'U');
      break;
    default: break;
  }
}

void tell(std::string_view bytes) {
  let_openssl_stay();  // the last world ends after main
  static std::unique_ptr<World> world;
  static int stories = 0;
  if (!world || ++stories >= kStoriesAWorld) {
    world.reset();
    world = std::make_unique<World>();
    stories = 0;
  }
  Bytes input(bytes);
  for (int count = 0; count < kMostSteps && !input.rest().empty(); ++count) step(*world, input.line());
  world->expect_answer();
}

std::vector<std::string> good() {
  const auto of_bad = [](const char* file) {
    auto text = file_of_checkout(std::string("tests/golden/") + file + ".json");
    const auto begin = text.find("\"node\":\"");
    if (begin == std::string::npos) return text;
    const auto end = text.find('"', begin + 8);
    return text.replace(begin + 8, end - begin - 8, kBad);
  };
  return {"s " + of_bad("state") + "\n", "l " + of_bad("log") + "\nt 60\n", "s " + of_bad("state") + "\nr " + of_bad("receipt") + "\nd\n",
          "c " + of_bad("certificate-request") + "\n", "U loa/1/keys {}\nu loa/1/node/n-honest/state x\nt 300\n"};
}

const Registration kIngest{{"ingest", tell, good}};

}  // namespace
}  // namespace loa::fuzz
