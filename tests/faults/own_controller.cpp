#include "tests/faults/own_controller.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <fstream>
#include <iterator>

#include "controller/authority/files.hpp"
#include "protocol/bundle.hpp"
#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "tests/support/said_state.hpp"

namespace loa::tests {

using namespace std::chrono_literals;
using protocol::MessageType;

namespace {

protocol::LinkSettings settings_in(const Village& village) {
  const auto folder = village.folder() / "controller";
  protocol::LinkSettings settings;
  settings.addresses = {fmt::format("mqtts://localhost:{}", village.broker_port())};
  settings.client_id = "controller";
  settings.ca_pem = authority::read_file(folder / "authority/ca.pem");
  settings.certificate_pem = authority::read_file(folder / "tls/controller.pem");
  settings.key_pem = authority::read_file(folder / "tls/controller.key");
  settings.backoff_base = 50ms;
  settings.backoff_cap = 200ms;
  return settings;
}

}  // namespace

OwnController::OwnController(World& world, const std::string& code)
    : world_(world), node_(world.village().node_id(code)), keys_(authority::load_keys(world.village().folder() / "controller")),
      link_(loop_.get_executor(), settings_in(world.village())) {
  std::ifstream file(world.village().node_folder(code) / "bundle.json");
  areas_ = protocol::decode_bundle(std::string(std::istreambuf_iterator<char>(file), {})).value().areas;
  world.village().controller().kill();
  protocol::LinkHandlers handlers;
  handlers.prepare_connect = [] { return protocol::ConnectTerms{}; };
  handlers.connected = [this](const auto&) { link_.subscribe(protocol::state_topic(node_)); };
  handlers.message = [this](const protocol::LinkMessage& message) { answer(message); };
  link_.start(std::move(handlers));
  thread_ = std::thread([this] { loop_.run(); });
}

OwnController::~OwnController() {
  boost::asio::post(loop_, [this] { link_.close(1s, [this] { loop_.stop(); }); });
  thread_.join();
}

std::string OwnController::head(const protocol::State& state) const {
  protocol::Head head;
  head.node = node_;
  head.nonce = state.nonce;
  head.issued = protocol::SystemClock().now();
  head.plan_revision = revision_;
  head.key_set = keys_.key_set.number;
  head.areas = state.areas;
  return protocol::sign(MessageType::head, keys_.working.front().kid, protocol::encode(head), keys_.working.front().key);
}

// Every state gets its head, so that the board hears its controller; a plan follows where it lacks the one that it was given.
void OwnController::answer(const protocol::LinkMessage& message) {
  const auto state = said_state(message.payload);
  if (!state || state->nonce.empty()) return;
  const std::lock_guard lock(mutex_);
  last_ = *state;
  revision_ = std::max(revision_, state->plan_highest);
  link_.publish(protocol::head_topic(node_), head(*state), false);
  held_ = !packet_.empty() && state->plan_verified == revision_;
  if (!packet_.empty() && state->plan_held != revision_) link_.publish(protocol::plan_topic(node_), packet_, true);
}

Play OwnController::give(scheduler::Occurrence occurrence, double due) {
  const auto heard = [this] {
    const std::lock_guard lock(mutex_);
    return revision_ > 0;
  };
  if (!eventually(15s, heard)) throw std::runtime_error("the board says nothing to the test's controller");
  Play play{protocol::random_id("b"), 'A', due};
  occurrence.broadcast_id = play.broadcast;
  occurrence.programme_id = protocol::random_id("p");
  occurrence.due = scheduler::from_ms(static_cast<std::int64_t>(due * 1000));
  occurrence.id = scheduler::occurrence_id(play.broadcast, occurrence.due);
  scheduler::Plan plan;
  plan.node = node_;
  plan.made = protocol::SystemClock().now();
  plan.from = plan.made - 1h;
  plan.until = plan.made + 24h;
  plan.areas = areas_;
  plan.time_zone = "Asia/Ho_Chi_Minh";
  plan.utc_offset_minutes = 420;
  plan.files = {fmt::format("https://localhost:{}", world_.files_way().port())};
  plan.brokers = {fmt::format("mqtts://localhost:{}", world_.broker_way().port())};
  plan.occurrences = {std::move(occurrence)};
  auto publish = [this, plan]() mutable {
    const std::lock_guard lock(mutex_);
    plan.revision = ++revision_;
    packet_ = protocol::pack_plan(protocol::encode(plan), keys_.working.front().kid, keys_.working.front().key).value();
    link_.publish(protocol::plan_topic(node_), packet_, true);
    link_.publish(protocol::head_topic(node_), head(last_), false);
  };
  boost::asio::post(loop_, publish);
  if (!eventually(15s, [this] { return held_.load(); })) throw std::runtime_error("the board does not take the plan");
  return play;
}

}  // namespace loa::tests
