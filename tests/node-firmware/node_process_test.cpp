#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "node-firmware/command_line.hpp"
#include "node-firmware/durable_file.hpp"
#include "node-firmware/start_count.hpp"
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

// The real program on a real broker; the test is its controller.

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

constexpr const char* kNode = TestController::kNode;

TimePoint now() { return protocol::SystemClock().now(); }

// A controller's side of the wire, and the node's program.
class Wire {
 public:
  Wire() : broker_(folder_ / "broker", {kNode}) {
    std::filesystem::create_directory(folder_ / "stock");
    std::filesystem::create_directory(folder_ / "run");
    make_opus(folder_ / "stock" / "tone.opus", 4000);
    tone_ = protocol::sha256_hex_of_file(folder_ / "stock" / "tone.opus");
    auto bundle = controller_.bundle();
    const auto settings = broker_.link_settings(kNode);
    bundle.ca_pem = settings.ca_pem;
    bundle.tls_certificate_pem = settings.certificate_pem;
    bundle.tls_key_pem = settings.key_pem;
    bundle.brokers = settings.addresses;
    node::write_durably(folder_ / "bundle.json", protocol::encode(bundle));
    node::write_durably(folder_ / "node.toml", "state_folder = \"state\"\nstock_folder = \"stock\"\n[sink]\nkind = \"null\"\n");
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
    node_.emplace(words, tests::Process::Options{folder_.path(), "node", {"RUNTIME_DIRECTORY=" + (folder_ / "run").string()}, {}});
  }
  tests::Process& node() { return *node_; }

  bool until(const std::function<bool()>& done, std::chrono::milliseconds limit = 15s) {
    return run_until(loop_, done, limit);
  }

  /// One broadcast of four seconds, this far ahead.
  void plan(std::chrono::milliseconds ahead) {
    scheduler::Plan plan;
    plan.node = kNode;
    plan.revision = scheduler::to_ms(now());
    plan.made = now();
    plan.from = now() - 1h;
    plan.until = now() + 16 * 24h;
    plan.areas = controller_.areas;
    scheduler::Occurrence one;
    one.due = now() + ahead;
    one.id = scheduler::occurrence_id("b-1", one.due);
    one.broadcast_id = "b-1";
    one.programme_id = "p-1";
    one.language = "vi";
    one.duration = 4s;
    scheduler::Item item;
    item.sha256 = tone_;
    item.bytes = static_cast<std::int64_t>(std::filesystem::file_size(folder_ / "stock" / "tone.opus"));
    item.duration = 4s;
    one.items = {item};
    plan.occurrences = {one};
    wanted_ = plan.revision;
    link_->publish(protocol::plan_topic(kNode), controller_.plan(plan), true);
    answer();
  }

  /// An alert of the area, spoken by the one stock clip that there is.
  void alert() {
    scheduler::Alert alert;
    alert.id = "l-1";
    alert.revision = 1;
    alert.area = "hue";
    alert.sent = now();
    alert.expires = now() + 1h;
    alert.event = "flood";
    alert.title = "Lũ";
    alert.language = "vi";
    alert.stock_clip = "tone";
    alert.repeats = 1;
    alert.repeat_every = 10min;
    link_->publish(protocol::alert_topic("hue"), controller_.alert({"hue", 1, now(), {alert}}), false);
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

  std::optional<protocol::State> state;
  std::map<std::int64_t, scheduler::PlayRecord> records;

 private:
  void take(const protocol::LinkMessage& message) {
    const auto topic = protocol::parse_topic(message.topic).value();
    const auto verified = protocol::verify_from_node(message.payload, topic.type, kNode, controller_.node_key.public_key());
    REQUIRE(verified.has_value());
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

  TempFolder folder_;
  TestController controller_;
  tests::Broker broker_;
  boost::asio::io_context loop_;
  std::unique_ptr<protocol::MosquittoLink> link_;
  std::optional<tests::Process> node_;
  std::string tone_;
  std::int64_t wanted_ = 0;
  TimePoint last_head_;
};

}  // namespace

TEST_CASE("the program joins while the broker is down, plays its plan, reports it, and ends in order") {
  Wire wire;
  wire.start_node(true);
  REQUIRE(wire.node().wait_for_line("no connection", 10s));
  wire.start_broker();
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  wire.plan(3s);
  REQUIRE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }));
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }));
  const auto record = wire.records.at(1);
  CHECK(record.outcome == scheduler::Outcome::played);
  CHECK(record.heard_ms >= 3'900);
  REQUIRE(record.start_error_us);
  CHECK(std::abs(*record.start_error_us) < 50'000);
  wire.node().signal(SIGTERM);
  REQUIRE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::gone; }));
  CHECK(wire.node().wait(5s) == 0);
}

TEST_CASE("the program killed in mid-play goes on, and makes one record: partial") {
  Wire wire;
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  wire.plan(2s);
  REQUIRE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }));
  wire.node().kill();
  wire.start_node(false);
  REQUIRE(wire.until([&] { return wire.records.size() == 1; }, 30s));
  CHECK(wire.records.at(1).outcome == scheduler::Outcome::partial);
  CHECK(wire.records.at(1).reason == "restarted");
  CHECK_FALSE(wire.until([&] { return wire.records.size() > 1; }, 1s));
}

TEST_CASE("a program that dies again and again turns to a safe mode, which says why, plays no plan, and takes alerts and orders") {
  Wire wire;
  wire.start_broker();
  for (int n = 0; n < node::StartCount::kSafeAfter; ++n) {
    wire.start_node(n == 0);
    REQUIRE(wire.until([&] { return std::filesystem::exists(wire.folder() / "run/starts"); }));
    wire.node().kill();
  }
  std::ofstream(wire.folder() / "run/starts") << node::StartCount::kSafeAfter << " no memory\n";  // as five that said why
  wire.start_node(false);
  REQUIRE(wire.node().wait_for_line("waiting 20 s", 10s));
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 60s));
  REQUIRE(wire.state->safe_mode);
  CHECK_THAT(*wire.state->safe_mode, Catch::Contains("no memory"));
  wire.plan(2s);
  CHECK_FALSE(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::playing; }, 5s));
  CHECK(wire.state->plan_verified == 0);
  wire.alert();
  CHECK(wire.until([&] { return wire.state->lifecycle == protocol::Lifecycle::alerting; }));
  REQUIRE(wire.until([&] { return !wire.records.empty(); }));
  CHECK(wire.records.begin()->second.alert_id == "l-1");
  CHECK(wire.records.begin()->second.outcome == scheduler::Outcome::played);
  wire.node().signal(SIGTERM);
  CHECK(wire.node().wait(10s) == 0);
  wire.state.reset();
  wire.start_node(false);  // it ended in order: a person or a service manager wants the normal mode
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  CHECK_FALSE(wire.state->safe_mode);
}

TEST_CASE("a second program on a state folder is refused with words, and the first goes on") {
  Wire wire;
  wire.start_broker();
  wire.start_node(true);
  REQUIRE(wire.until([&] { return wire.state.has_value(); }, 30s));
  tests::Process second({(program_folder() / "loa-node").string(), "--config", (wire.folder() / "node.toml").string()},
                        {wire.folder(), "second", {}, {}});
  CHECK(second.wait(30s) == node::kExitBroken);  // a check of the board may have the folder for some seconds
  CHECK_THAT(second.err(), Catch::Contains("another loa-node runs on this state folder"));
  CHECK(wire.node().running());
}

TEST_CASE("what stops the program is said on its error output, with an exit code of its own") {
  struct Row {
    const char* name;
    const char* toml;
    int code;
    const char* words;
  };
  const std::vector<Row> rows{{"it has not joined", "state_folder = \"state\"\n", 66, "has not joined yet"},
                              {"a misspelt key", "state_foldr = \"state\"\n", 78, "node.toml:1:"}};
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      TempFolder folder;
      node::write_durably(folder / "node.toml", row.toml);
      tests::Process node({(program_folder() / "loa-node").string(), "--config", (folder / "node.toml").string()},
                          {folder.path(), "node", {}, {}});
      CHECK(node.wait(10s) == row.code);
      CHECK_THAT(node.err(), Catch::Contains(row.words));
    }
  }
}
