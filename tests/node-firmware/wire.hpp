#pragma once
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>

#include "node-firmware/durable_file.hpp"
#include "protocol/clock.hpp"
#include "protocol/hash.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/topics.hpp"
#include "test_controller.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

using namespace std::chrono_literals;

/// The real program `loa-node` on a real broker; this is its controller. It holds two stock clips, "tone" of four seconds and "short" of a tenth.
class Wire {
 public:
  static constexpr const char* kNode = TestController::kNode;

  /// `toml` stands at the end of node.toml, `environment` goes to the program.
  explicit Wire(const std::string& toml = "[sink]\nkind = \"null\"\n", std::vector<std::string> environment = {})
      : environment_(std::move(environment)), broker_(folder_ / "broker", {kNode}) {
    std::filesystem::create_directory(folder_ / "stock");
    std::filesystem::create_directory(folder_ / "run");
    environment_.push_back("RUNTIME_DIRECTORY=" + (folder_ / "run").string());
    make_opus(folder_ / "stock" / "tone.opus", 4000);
    make_opus(folder_ / "stock" / "short.opus", 100);
    auto bundle = controller_.bundle();
    const auto settings = broker_.link_settings(kNode);
    bundle.ca_pem = settings.ca_pem;
    bundle.tls_certificate_pem = settings.certificate_pem;
    bundle.tls_key_pem = settings.key_pem;
    bundle.brokers = settings.addresses;
    node::write_durably(folder_ / "bundle.json", protocol::encode(bundle));
    node::write_durably(folder_ / "node.toml", "state_folder = \"state\"\nstock_folder = \"stock\"\n" + toml);
  }

  void start_broker() {
    broker_.start();
    link_ = std::make_unique<protocol::MosquittoLink>(loop_.get_executor(), broker_.link_settings("controller"));
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [] { return protocol::ConnectTerms{}; };
    handlers.connected = [this](const auto&) {
      for (const auto& filter : protocol::controller_filters()) link_->subscribe(filter);
    };
    handlers.message = [this](const protocol::LinkMessage& message) { take(message); };
    link_->start(std::move(handlers));
  }

  void start_node(bool first) {
    std::vector<std::string> words{(program_folder() / "loa-node").string(), "--config", (folder_ / "node.toml").string()};
    if (first) words.insert(words.end(), {"--bundle", (folder_ / "bundle.json").string()});
    node_.emplace(words, tests::Process::Options{folder_.path(), "node", environment_, {}});
  }
  /// Where its files are: node.toml, sound.wav, `stock` and `state`.
  const std::filesystem::path& folder() const { return folder_.path(); }
  tests::Process& node() { return *node_; }

  bool until(const std::function<bool()>& done, std::chrono::milliseconds limit = 15s) {
    return run_until(loop_, done, limit);
  }

  /// One broadcast of four seconds, this far ahead.
  void plan(std::chrono::milliseconds ahead) { plan("tone", 4s, 1, ahead, 0s); }
  /// So many broadcasts of a tenth of a second, one each `every`.
  void plan_short(int count, std::chrono::milliseconds ahead, std::chrono::milliseconds every) { plan("short", 100ms, count, ahead, every); }

  /// Anything at all, as whoever has the broker's rights could.
  void publish(const std::string& topic, const std::string& payload) { link_->publish(topic, payload, false); }

  std::optional<protocol::State> state;
  std::map<std::int64_t, scheduler::PlayRecord> records;

  /// Alerts the node's area, live. By default of a stock clip that is not there, so that the tone alone sounds.
  void alert(const std::string& id, const std::string& stock_clip = "flood") {
    scheduler::Alert one;
    one.id = id;
    one.revision = 1;
    one.area = controller_.areas.back();
    one.sent = now();
    one.expires = now() + std::chrono::hours(1);
    one.event = "flood";
    one.title = "Lũ khẩn cấp";
    one.language = "vi";
    one.stock_clip = stock_clip;
    one.repeats = 1;
    one.repeat_every = 10min;
    const scheduler::AlertSnapshot snapshot{one.area, scheduler::to_ms(now()), now(), {one}};
    link_->publish(protocol::alert_topic(one.area), controller_.alert(snapshot), false);
  }

 private:
  void plan(const std::string& clip, scheduler::Millis length, int count, std::chrono::milliseconds ahead, std::chrono::milliseconds every) {
    scheduler::Plan plan;
    plan.node = kNode;
    plan.revision = scheduler::to_ms(now());
    plan.made = now();
    plan.from = now() - std::chrono::hours(1);
    plan.until = now() + std::chrono::hours(16 * 24);
    plan.areas = controller_.areas;
    const auto file = folder_ / "stock" / (clip + ".opus");
    scheduler::Item item;
    item.sha256 = protocol::sha256_hex_of_file(file);
    item.bytes = static_cast<std::int64_t>(std::filesystem::file_size(file));
    item.duration = length;
    for (int n = 0; n < count; ++n) {
      scheduler::Occurrence one;
      one.broadcast_id = "b-" + std::to_string(n + 1);
      one.due = now() + ahead + n * every;
      one.id = scheduler::occurrence_id(one.broadcast_id, one.due);
      one.programme_id = "p-1";
      one.language = "vi";
      one.duration = length;
      one.items = {item};
      plan.occurrences.push_back(one);
    }
    wanted_ = plan.revision;
    link_->publish(protocol::plan_topic(kNode), controller_.plan(plan), true);
    answer();
  }

  static TimePoint now() { return protocol::SystemClock().now(); }

  void take(const protocol::LinkMessage& message) {
    const auto topic = protocol::parse_topic(message.topic).value();
    const auto verified = protocol::verify_from_node(message.payload, topic.type, kNode, controller_.node_key.public_key());
    if (!verified) throw std::runtime_error("not the node's: " + verified.error().message);
    if (topic.type == MessageType::state) {
      state = protocol::decode_state(verified->payload).value();
      if (!state->nonce.empty()) answer();
    } else if (topic.type == MessageType::log) {
      const auto batch = protocol::decode_log(verified->payload).value();
      for (const auto& record : batch.records) records[record.number] = record;
      const protocol::LogAck ack{kNode, now(), batch.log_id, batch.records.back().number, controller_.areas};
      link_->publish(protocol::log_ack_topic(kNode), controller_.ack(ack), false);
    }
  }

  void answer() {
    if (!state) return;
    protocol::Head head;
    head.node = kNode;
    head.nonce = state->nonce;
    head.issued = std::max(now(), last_head_ + 1ms);
    last_head_ = head.issued;
    head.plan_revision = wanted_;
    head.key_set = controller_.keys.number;
    for (const auto& area : controller_.areas) head.areas.push_back({area, 0});
    link_->publish(protocol::head_topic(kNode), controller_.head(head), false);
  }

  std::vector<std::string> environment_;
  TempFolder folder_;
  TestController controller_;
  tests::Broker broker_;
  boost::asio::io_context loop_;
  std::unique_ptr<protocol::MosquittoLink> link_;
  std::optional<tests::Process> node_;
  std::int64_t wanted_ = 0;
  TimePoint last_head_;
};

}  // namespace loa::tests
