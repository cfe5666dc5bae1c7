#include "tests/support/said_state.hpp"
#include "tests/system/thief.hpp"

#include <fmt/format.h>

#include "controller/authority/files.hpp"
#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/packet.hpp"
#include "protocol/topics.hpp"
#include "scheduler/occurrences.hpp"
#include "tests/support/loop.hpp"

namespace loa::tests {

using namespace std::chrono_literals;
using protocol::MessageType;

/// One stay on the broker under the controller's name; the true controller and he throw each other off.
struct Thief::Visit {
  boost::asio::io_context loop;
  protocol::MosquittoLink link;
  std::function<void()> connected;
  std::function<void(const protocol::LinkMessage&)> message;

  explicit Visit(const protocol::LinkSettings& settings) : link(loop.get_executor(), settings) {}
  ~Visit() {
    bool closed = false;
    link.close(1s, [&] { closed = true; });
    run_until(loop, [&] { return closed; }, 3s);
  }
  void start() {
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [] { return protocol::ConnectTerms{}; };
    handlers.connected = [this](const auto&) { connected(); };
    handlers.message = [this](const protocol::LinkMessage& one) {
      if (message) message(one);
    };
    link.start(std::move(handlers));
  }
};

Thief::Thief(Village& village) : village_(village) {
  const auto from = village.folder() / "controller";
  for (const char* name : {"keys", "tls", "authority"})
    std::filesystem::copy(from / name, folder_ / name, std::filesystem::copy_options::recursive);
  keys_ = authority::load_keys(folder_.path());
  settings_.addresses = {fmt::format("mqtts://localhost:{}", village.broker_port())};
  settings_.client_id = "controller";
  settings_.ca_pem = authority::read_file(folder_ / "authority/ca.pem");
  settings_.certificate_pem = authority::read_file(folder_ / "tls/controller.pem");
  settings_.key_pem = authority::read_file(folder_ / "tls/controller.key");
  settings_.backoff_base = 50ms;
  settings_.backoff_cap = 200ms;
}

scheduler::TimePoint Thief::now() const { return protocol::SystemClock().now() + kAhead; }

std::string Thief::sign(MessageType type, const std::string& json) const {
  return protocol::sign(type, keys_.working.front().kid, json, keys_.working.front().key);
}

std::string Thief::head(const Aim& aim, const std::string& nonce) const {
  protocol::Head head;
  head.node = aim.node;
  head.nonce = nonce;
  head.issued = now();
  head.plan_revision = kSky;
  head.key_set = keys_.key_set.number;
  for (const auto& area : aim.areas) head.areas.push_back({area, kSky - 1000});
  return sign(MessageType::head, protocol::encode(head));
}

std::string Thief::plan(const Aim& aim) const {
  scheduler::Plan plan;
  plan.node = aim.node;
  plan.revision = kSky;
  plan.made = now();
  plan.from = plan.made - 1h;
  plan.until = plan.made + 24h;
  plan.areas = aim.areas;
  plan.time_zone = "Asia/Ho_Chi_Minh";
  plan.utc_offset_minutes = 420;
  plan.brokers = settings_.addresses;
  plan.files = {fmt::format("https://localhost:{}", village_.https_port())};
  // The same sound again and again, so that something of it is always to be heard.
  for (int i = 0; i < 20; ++i) {
    scheduler::Occurrence occurrence;
    occurrence.broadcast_id = "b-false";
    occurrence.due = plan.made - kAhead + 3s + i * (aim.clip.duration + 500ms);
    occurrence.id = fmt::format("b-false.{}@{}", i, scheduler::to_basic(occurrence.due));
    occurrence.programme_id = "p-false";
    occurrence.title = "Giả mạo";
    occurrence.language = "vi";
    occurrence.duration = aim.clip.duration;
    occurrence.items = {aim.clip};
    plan.occurrences.push_back(std::move(occurrence));
  }
  return protocol::pack_plan(protocol::encode(plan), keys_.working.front().kid, keys_.working.front().key).value();
}

std::string Thief::capture(const Aim& aim, std::chrono::milliseconds limit) {
  Visit visit(settings_);
  std::string packet;
  bool held = false;
  visit.connected = [&] { visit.link.subscribe(protocol::state_topic(aim.node)); };
  visit.message = [&](const protocol::LinkMessage& message) {
    const auto state = said_state(message.payload);
    if (!state || state->nonce.empty()) return;
    held = state->plan_held == kSky;
    if (held) return;
    if (packet.empty()) packet = plan(aim);
    visit.link.publish(protocol::head_topic(aim.node), head(aim, state->nonce), false);
    visit.link.publish(protocol::plan_topic(aim.node), packet, true);
  };
  visit.start();
  run_until(visit.loop, [&] { return held; }, limit);
  return held ? "b-false" : "";
}

std::string Thief::alarm(const Aim& aim) {
  scheduler::Alert alert;
  alert.id = fmt::format("l-false-{}", ++calls_);
  alert.revision = 1;
  alert.area = aim.areas.back();
  alert.sent = now() - kAhead;
  alert.expires = alert.sent + 24h;
  alert.event = "flood";
  alert.title = "Vỡ đập";
  alert.language = "vi";
  alert.stock_clip = "flood";
  alert.repeats = 20;
  alert.repeat_every = 12s;
  const scheduler::AlertSnapshot snapshot{alert.area, kSky - 100 + calls_, now(), {alert}};
  return leave(protocol::alert_topic(alert.area), sign(MessageType::alert, protocol::encode(snapshot))) ? alert.id : "";
}

bool Thief::leave(const std::string& topic, const std::string& payload) {
  Visit visit(settings_);
  bool taken = false;
  visit.connected = [&] {
    visit.link.publish(topic, payload, true, [&](protocol::PublishOutcome outcome) {
      taken = taken || outcome == protocol::PublishOutcome::acknowledged;
    });
  };
  visit.start();
  return run_until(visit.loop, [&] { return taken; }, 20s);
}

}  // namespace loa::tests
