#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "protocol/bundle.hpp"
#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/limits.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "tests/support/format_two.hpp"
#include "tests/support/loop.hpp"
#include "tests/system/village.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;
using protocol::MessageType;

namespace {

protocol::Bundle bundle_in(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return protocol::decode_bundle(std::string(std::istreambuf_iterator<char>(in), {})).value();
}

/// A node of a coming release, as broker and controller see it: it reads formats 1 and 2, and keeps the newest JSON of each topic.
class LaterNode {
 public:
  explicit LaterNode(protocol::Bundle bundle) : bundle_(std::move(bundle)), link_(loop_.get_executor(), settings()) {
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [] { return protocol::ConnectTerms{}; };
    handlers.connected = [this](const auto&) { join(); };
    handlers.message = [this](const protocol::LinkMessage& message) { take(message); };
    link_.start(std::move(handlers));
  }

  /// Whether what the topic last brought is written in this format, waiting for it.
  bool gets(const std::string& topic, int format) {
    const auto start = "{\"v\":" + std::to_string(format) + ",";
    return run_until(loop_, [&] { return newest_[topic].starts_with(start); }, 20s);
  }
  const std::string& node() const { return bundle_.node; }

 private:
  protocol::LinkSettings settings() const {
    protocol::LinkSettings link;
    link.addresses = bundle_.brokers;
    link.client_id = bundle_.node;
    link.ca_pem = bundle_.ca_pem;
    link.certificate_pem = bundle_.tls_certificate_pem;
    link.key_pem = bundle_.tls_key_pem;
    return link;
  }

  void join() {
    for (const auto& topic : {protocol::keys_topic(kFormatTwo), protocol::controller_state_topic(kFormatTwo),
                              protocol::alert_topic(Village::kWard, kFormatTwo), protocol::head_topic(node()), protocol::plan_topic(node())})
      link_.subscribe(topic);
    protocol::State state;
    state.node = node();
    state.session = "s-later";
    state.session_number = 1;
    state.sequence = 1;
    state.issued = protocol::SystemClock().now();
    state.nonce = protocol::random_nonce();
    state.lifecycle = protocol::Lifecycle::ready;
    state.formats = {protocol::kFormat, kFormatTwo};
    state.clock = scheduler::ClockQuality::synced;
    state.log_id = "log-later";
    state.version = "9.0.0";
    const auto key = protocol::PrivateKey::from_pem(bundle_.signing_key_pem).value();
    link_.publish(protocol::state_topic(node()), protocol::pack(MessageType::state, node(), protocol::encode(state), key), true);
  }

  void take(const protocol::LinkMessage& message) {
    const std::map<std::string, MessageType> types{{protocol::head_topic(node()), MessageType::head},
                                                   {protocol::plan_topic(node()), MessageType::plan},
                                                   {protocol::controller_state_topic(kFormatTwo), MessageType::controller_state},
                                                   {protocol::alert_topic(Village::kWard, kFormatTwo), MessageType::alert},
                                                   {protocol::keys_topic(kFormatTwo), MessageType::keys}};
    const auto type = types.at(message.topic);
    newest_[message.topic] = protocol::json_of(protocol::open(message.payload, type).value()).value();
  }

  protocol::Bundle bundle_;
  boost::asio::io_context loop_;
  std::map<std::string, std::string> newest_;
  protocol::MosquittoLink link_;
};

void played_once(const json::array& records) {
  INFO(json::serialize(records));
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "node_code") == "PX-01");
  CHECK(text(records[0], "outcome") == "played");
  CHECK(records[0].at("heard_ms") == records[0].at("planned_ms"));
}

}  // namespace

TEST_CASE("a node of format 1 keeps playing beside a controller that also writes format 2, and a node of both gets format 2") {
  Village village("loa-controller-formats");
  village.add_node("PX-02", Village::kWard);
  village.add_node("PX-01", Village::kWard);  // the broker gives rights in one set: when this one is heard, the other is known
  village.start_node("PX-01");
  const bool ready = village.nodes_ready();
  INFO((ready ? "" : village.last_words()));
  REQUIRE(ready);
  LaterNode later(bundle_in(village.node_folder("PX-02") / "bundle.json"));
  CHECK(later.gets(protocol::head_topic(later.node()), kFormatTwo));
  CHECK(later.gets(protocol::controller_state_topic(kFormatTwo), kFormatTwo));

  const auto broadcast = village.schedule(village.approved_programme(), 5s);
  CHECK(later.gets(protocol::plan_topic(later.node()), kFormatTwo));
  played_once(village.wait_for_records("node=" + village.node_id("PX-01") + "&broadcast=" + broadcast, 1, 40s));

  const auto alert = village.alert({{"repeats", 1}});
  CHECK(later.gets(protocol::alert_topic(Village::kWard, kFormatTwo), kFormatTwo));
  played_once(village.wait_for_records("alert=" + alert, 1, 40s));

  const auto report = village.admin().get("/nodes/" + village.node_id("PX-01")).at("report");
  INFO(json::serialize(report) << village.last_words());
  CHECK_FALSE(report.as_object().contains("last_refusal"));
}
