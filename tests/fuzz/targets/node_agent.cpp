// A node's program whole, with a pretend network, player and shelf: what a controller that went mad, or one with stolen keys, may sign, and
// what anybody may say unsigned, in any order, with time passing and power cuts between.
#include <algorithm>
#include <charconv>

#include "protocol/packet.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/node-firmware/test_node.hpp"

namespace loa::fuzz {
namespace {

using namespace std::chrono_literals;
using protocol::MessageType;
using tests::TestController;
using tests::TestNode;

constexpr int kMostSteps = 16;
constexpr int kMostSeconds = 40;

// One step a line. Its first letter says what happens:
//   t SECONDS   time passes                     h p a o l k s c JSON   signed as head, plan, alert, order, log-ack, keys, controller-state, certificate
//   r           the power goes and comes back   u TOPIC PAYLOAD        unsigned
//   d           the connection is lost and made anew
int number_of(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::clamp(number, 0, kMostSeconds);
}

class Story {
 public:
  Story() { node_.connect(); }

  void step(std::string_view line) {
    if (line.empty()) return;
    const auto rest = line.substr(line.size() > 1 && line[1] == ' ' ? 2 : 1);
    switch (line[0]) {
      case 't': node_.pass(std::chrono::seconds(number_of(rest))); break;
      case 'r':
        node_.kill();
        node_.boot();
        node_.connect();
        break;
      case 'd':
        if (node_.link().connected()) node_.link().drop();
        node_.agent().tick();
        node_.connect();
        break;
      case 'u': unsigned_bytes(rest); break;
      default: signed_json(line[0], rest);
    }
    note();
  }
  /// Whatever it was told: with its power back it starts, connects and says how it is.
  void end() {
    note();
    demand(is_signed_ || !sounded_, "nothing unsigned becomes sound");
    step("r");
    demand(node_.last_state().node == TestController::kNode, "a node that comes back says how it is");
  }

 private:
  void note() { sounded_ |= !node_.player().tracks.empty(); }

  void unsigned_bytes(std::string_view rest) {
    const auto space = rest.find(' ');
    if (space == std::string_view::npos) return;
    node_.deliver(std::string(rest.substr(0, space)), std::string(rest.substr(space + 1)), true);
  }

  void signed_json(char kind, std::string_view json) {
    const auto& controller = node_.controller;
    const auto sign = [&](MessageType type) { return protocol::sign(type, "k-1", json, controller.working.at("k-1")); };
    const std::string id = TestController::kNode;
    is_signed_ = true;
    switch (kind) {
      case 'h': node_.deliver(protocol::head_topic(id), sign(MessageType::head)); break;
      case 'p':
        if (const auto packet = protocol::pack_plan(std::string(json), "k-1", controller.working.at("k-1"))) node_.deliver(protocol::plan_topic(id), *packet, true);
        break;
      case 'a': node_.deliver(protocol::alert_topic("hue"), sign(MessageType::alert), true); break;
      case 'o': node_.deliver(protocol::order_topic(id), sign(MessageType::order)); break;
      case 'l': node_.deliver(protocol::log_ack_topic(id), sign(MessageType::log_ack)); break;
      case 'k': node_.deliver(protocol::keys_topic(), protocol::sign(MessageType::keys, protocol::kRootKid, json, controller.root), true); break;
      case 's': node_.deliver(protocol::controller_state_topic(), sign(MessageType::controller_state), true); break;
      case 'c': node_.deliver(protocol::certificate_topic(id), sign(MessageType::certificate)); break;
      default: break;
    }
  }

  TestNode node_;
  bool is_signed_ = false;
  bool sounded_ = false;
};

void tell(std::string_view bytes) {
  Story story;
  Bytes input(bytes);
  for (int step = 0; step < kMostSteps && !input.rest().empty(); ++step) story.step(input.line());
  story.end();
}

std::vector<std::string> stories() {
  TestNode node;
  node.connect();
  auto plan = node.plan(5);
  plan.occurrences = {node.occurrence("b-1", node.now() + 10s, 5s)};
  auto head = node.head(5);
  head.issued += 2ms;
  protocol::Order order;
  order.id = "o-1";
  order.node = TestController::kNode;
  order.issued = node.now();
  order.expires = node.now() + 1h;
  order.kind = protocol::OrderKind::report;
  order.areas = node.controller.areas;
  auto keys = node.controller.keys;
  ++keys.number;
  keys.keys.front().revoked = node.now();
  const auto plan_line = "p " + protocol::encode(plan) + "\n";
  const auto head_line = "h " + protocol::encode(head) + "\n";
  const auto alert_line = "a " + protocol::encode(node.snapshot(1, {node.alert("a-1", 3s)})) + "\n";
  return {head_line + plan_line + "t 20\n", alert_line + "t 5\nr\nt 5\n", head_line + plan_line + "o " + protocol::encode(order) + "\nd\nt 12\nr\n",
          plan_line + "k " + protocol::encode(keys) + "\nt 20\n", "u loa/1/node/n-phu-bai-1/plan {}\nt 1\nr\n",
          "s " + protocol::encode(protocol::ControllerState{true, node.now(), "s-1"}) + "\nl " +
              protocol::encode(protocol::LogAck{TestController::kNode, node.now(), "log-1", 3, node.controller.areas}) + "\n"};
}

const Registration kAgent{{"node_agent", tell, stories}};

}  // namespace
}  // namespace loa::fuzz
