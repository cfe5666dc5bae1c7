// How long an alert is on its way in a village of real processes: from the officer's confirmation to the first sample at the node's
// sink, split where it passes a hand; and from its arrival at a subscriber of the broker to that sample alone.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "protocol/bundle.hpp"
#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/topics.hpp"
#include "scheduler/time.hpp"
#include "tests/system/village.hpp"

namespace {

using namespace std::chrono_literals;
using Micros = std::int64_t;  // since 1970
namespace protocol = loa::protocol;
namespace json = boost::json;
using loa::tests::Village;

Micros now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A further node's place at the broker, which only listens: when each alert came, and when it was signed.
class Ear {
 public:
  struct Heard {
    Micros signed_at = 0;
    Micros arrived = 0;
  };

  explicit Ear(const protocol::Bundle& bundle) : bundle_(bundle), link_(loop_.get_executor(), settings(bundle)) {
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [this] {
      return protocol::ConnectTerms{protocol::LinkWill{protocol::state_topic(bundle_.node), "", false}, protocol::SystemClock().now()};
    };
    handlers.connected = [this](const auto&) {
      for (const auto& area : bundle_.areas) link_.subscribe(protocol::alert_topic(area));
      connected_ = true;
    };
    handlers.disconnected = [this](const std::string&) { connected_ = false; };
    handlers.message = [this](const protocol::LinkMessage& message) { hear(message); };
    link_.start(std::move(handlers));
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Ear() {
    loop_.stop();
    thread_.join();
  }

  bool connected() const { return connected_; }
  void renew() {
    auto again = [this] { link_.renew(); };
    boost::asio::post(loop_, again);
  }
  std::optional<Heard> of(const std::string& alert) const {
    const std::lock_guard lock(mutex_);
    const auto found = heard_.find(alert);
    return found == heard_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  static protocol::LinkSettings settings(const protocol::Bundle& bundle) {
    protocol::LinkSettings settings;
    settings.addresses = bundle.brokers;
    settings.client_id = bundle.node;
    settings.ca_pem = bundle.ca_pem;
    settings.certificate_pem = bundle.tls_certificate_pem;
    settings.key_pem = bundle.tls_key_pem;
    return settings;
  }
  void hear(const protocol::LinkMessage& message) {
    const auto arrived = now_us();
    const auto topic = protocol::parse_topic(message.topic);
    if (!topic || topic->type != protocol::MessageType::alert || message.payload.empty()) return;
    const auto envelope = protocol::open(message.payload, protocol::MessageType::alert);
    const auto snapshot = envelope ? protocol::decode_alert(envelope->payload, topic->id) : protocol::decode_alert("", "");
    if (!snapshot) return;
    const std::lock_guard lock(mutex_);
    for (const auto& alert : snapshot->alerts)
      if (alert.message == loa::scheduler::AlertMessage::alert)
        heard_.try_emplace(alert.id, Heard{loa::scheduler::to_ms(snapshot->issued) * 1000, arrived});
  }

  protocol::Bundle bundle_;
  boost::asio::io_context loop_;
  protocol::MosquittoLink link_;
  std::thread thread_;
  std::atomic<bool> connected_{false};
  mutable std::mutex mutex_;
  std::map<std::string, Heard> heard_;
};

/// One alert: the moments at which it passed from hand to hand.
struct Run {
  Micros asked = 0, confirmed = 0, signed_at = 0, at_broker = 0, sounded = 0;
};

Micros micros_of(const json::value& object, const std::string& member) {
  return loa::scheduler::to_ms(loa::scheduler::parse_rfc3339(loa::tests::text(object, member)).value()) * 1000;
}

Run raise(Village& village, const Ear& ear) {
  auto& approver = village.approver();
  const json::value body{{"area", Village::kWard}, {"status", "actual"}, {"event", "flood"}, {"title", "Đo thời gian"}, {"minutes", 30}};
  const auto prepared = approver.post("/alerts", body);
  const auto id = loa::tests::text(prepared, "id");
  Run run;
  run.asked = now_us();
  const auto sent = approver.post("/alerts/" + id + "/confirm", {{"confirmation_token", prepared.at("confirmation_token")}});
  run.confirmed = micros_of(sent, "sent_at");
  if (!loa::tests::eventually(10s, [&] { return ear.of(id).has_value(); })) throw std::runtime_error("the alert did not come to the broker");
  run.signed_at = ear.of(id)->signed_at;
  run.at_broker = ear.of(id)->arrived;
  std::this_thread::sleep_for(1s);  // it sounds by now; the cancel brings the record
  approver.post("/alerts/" + id + "/cancel");
  const auto records = village.wait_for_records("alert=" + id, 1, 15s);
  if (records.empty() || !records[0].as_object().contains("start_error_us")) throw std::runtime_error("the node did not sound the alert " + id);
  run.sounded = micros_of(records[0], "due") + records[0].at("start_error_us").to_number<Micros>();
  return run;
}

void print(const char* what, const std::vector<Run>& runs, Micros Run::*from, Micros Run::*to) {
  std::vector<double> ms;
  for (const auto& run : runs) ms.push_back(static_cast<double>(run.*to - run.*from) / 1000);
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double part) { return ms[std::min(ms.size() - 1, static_cast<std::size_t>(part * static_cast<double>(ms.size())))]; };
  fmt::print("{:<44} {:>9.1f} {:>9.1f} {:>9.1f}\n", what, at(0.5), at(0.99), ms.back());
}

/// Two people who read long lists without a pause, until this goes: work that waits for the store. Nobody else asks in their name meanwhile.
class Readers {
 public:
  explicit Readers(Village& village) {
    for (auto* person : {&village.officer(), &village.monitor()})
      threads_.emplace_back([person](std::stop_token stop) {
        while (!stop.stop_requested())
          for (const auto* path : {"/alerts?limit=200", "/nodes?limit=200", "/programmes?limit=200"}) person->get(path);
      });
  }

 private:
  std::vector<std::jthread> threads_;
};

int bench(int runs, bool beside) {
  Village village;
  village.add_node("AL-01", Village::kWard);
  village.add_node("EAR", Village::kWard);
  village.start_node("AL-01");
  std::ifstream file(village.node_folder("EAR") / "bundle.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Ear ear(protocol::decode_bundle(text).value());
  std::vector<Run> all;
  // A session that began before the broker read its ACL is deaf: it is begun anew until something comes.
  for (int tries = 0; all.empty(); ++tries) {
    try {
      all.push_back(raise(village, ear));
    } catch (const std::runtime_error&) {
      if (tries == 5) throw;
      ear.renew();
      std::this_thread::sleep_for(2s);
    }
  }
  all.clear();
  std::optional<Readers> readers;
  if (beside) readers.emplace(village);
  while (static_cast<int>(all.size()) < runs) {
    all.push_back(raise(village, ear));
    if (all.size() % 20 == 0) fmt::print(stderr, "{} of {}\n", all.size(), runs);
  }
  readers.reset();
  fmt::print("{} alerts{}; milliseconds{:>30} {:>9} {:>9}\n", runs, beside ? " beside readers" : "", "p50", "p99", "most");
  print("request to the handler (API)", all, &Run::asked, &Run::confirmed);
  print("handler to signature (store, to a ms)", all, &Run::confirmed, &Run::signed_at);
  print("signature to a subscriber (store, broker)", all, &Run::signed_at, &Run::at_broker);
  print("at a subscriber to first sample (node)", all, &Run::at_broker, &Run::sounded);
  print("request to first sample", all, &Run::asked, &Run::sounded);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int runs = 200;
  CLI::App app("From an alert's confirmation to the first sample, in a village of real processes");
  app.add_option("--runs", runs, "Alerts to raise")->check(CLI::Range(1, 10'000));
  bool beside = false;
  app.add_flag("--beside-readers", beside, "Meanwhile two people read long lists without a pause");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::warn);
  try {
    return bench(runs, beside);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
