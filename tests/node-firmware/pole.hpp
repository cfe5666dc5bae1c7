#pragma once
#include <array>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "node-firmware/durable_file.hpp"
#include "protocol/clock.hpp"
#include "protocol/hash.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/topics.hpp"
#include "test_controller.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/http_server.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

using namespace std::chrono_literals;

inline TimePoint now() { return protocol::SystemClock().now(); }

inline std::string http_date(TimePoint time) {
  const std::time_t seconds = scheduler::to_ms(time) / 1000;
  std::array<char, 64> text{};
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text.data();
}

/// The lines of one run by their names, and how it ended.
struct Checked {
  int code = -1;
  std::map<std::string, std::string> lines;
  std::string whole;
};

/// What an installer has in front of him: `loa-node` on a real broker and a real file server, on which all is well until a test breaks it.
class Pole {
 public:
  Pole() : broker_(folder_ / "broker", {TestController::kNode}) {
    std::filesystem::create_directory(folder_ / "stock");
    make_opus(folder_ / "stock" / "chime.opus", 1500);
    make_opus(folder_ / "stock" / "clip.opus", 1000, 880);
    files_ = std::make_unique<HttpServer>(
        [this](const HttpRequest&) {
          ServerAnswer answer;
          answer.body = "here";
          answer.date = http_date(now());
          answer.status = status;
          return answer;
        },
        tls_);
    broker_.start();
    publish_keys();
    write_bundle();
    write_settings("kind = \"wav\"\nfile = \"sound.wav\"\n");
  }

  void write_bundle() {
    auto bundle = controller.bundle();
    const auto settings = broker_.link_settings(TestController::kNode, &serial_);
    bundle.ca_pem = settings.ca_pem + tls_.ca_pem;
    bundle.tls_certificate_pem = settings.certificate_pem;
    bundle.tls_key_pem = settings.key_pem;
    bundle.brokers = brokers.empty() ? settings.addresses : brokers;
    bundle.files = files.empty() ? std::vector<std::string>{files_->base()} : files;
    node::write_durably(folder_ / "bundle.json", protocol::encode(bundle));
    node::write_durably(state() / "bundle.json", protocol::encode(bundle));
  }
  void write_settings(const std::string& sink) {
    node::write_durably(folder_ / "node.toml", "state_folder = \"state\"\nstock_folder = \"stock\"\n[sink]\n" + sink);
  }
  void write_plan(const std::function<void(scheduler::Plan&)>& change = {}) {
    scheduler::Plan plan;
    plan.node = TestController::kNode;
    plan.revision = 7;
    plan.made = now();
    plan.from = now() - 1h;
    plan.until = now() + 16 * 24h;
    plan.areas = controller.areas;
    scheduler::Occurrence one;
    one.due = now() + 1h;
    one.id = scheduler::occurrence_id("b-1", one.due);
    one.broadcast_id = "b-1";
    one.programme_id = "p-1";
    one.language = "vi";
    one.duration = 1s;
    scheduler::Item item;
    item.sha256 = protocol::sha256_hex_of_file(folder_ / "stock" / "clip.opus");
    item.bytes = static_cast<std::int64_t>(std::filesystem::file_size(folder_ / "stock" / "clip.opus"));
    item.duration = 1s;
    one.items = {item};
    plan.occurrences = {one};
    if (change) change(plan);
    node::write_durably(state() / "plan.jws", controller.plan(plan));
  }

  Checked check(std::vector<std::string> before = {}, std::vector<std::string> environment = {}, std::vector<std::string> more = {}) {
    auto words = std::move(before);
    words.insert(words.end(), {(program_folder() / "loa-node").string(), "check", "--config", (folder_ / "node.toml").string()});
    words.insert(words.end(), more.begin(), more.end());
    tests::Process program(words, {folder_.path(), "check" + std::to_string(++runs_), std::move(environment), folder_.path()});
    Checked checked;
    checked.code = program.wait(100s).value_or(-1);
    checked.whole = program.out() + program.err();
    std::istringstream out(checked.whole);
    for (std::string line; std::getline(out, line);) {
      const auto end = line.find("  ");
      if (end != std::string::npos) checked.lines[line.substr(0, end)] = line.substr(line.find_first_not_of(' ', end));
    }
    return checked;
  }

  std::filesystem::path state() {
    node::make_private_folder(folder_ / "state");
    return folder_ / "state";
  }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  tests::Broker& broker() { return broker_; }
  /// The broker lets this board in no more.
  void revoke() {
    broker_.authority().revoke(serial_, now());
    broker_.set_nodes({TestController::kNode});
  }

  TestController controller;
  std::vector<std::string> brokers, files;
  int status = 200;

 private:
  void publish_keys() {
    boost::asio::io_context loop;
    protocol::MosquittoLink link(loop.get_executor(), broker_.link_settings("controller"));
    bool done = false;
    protocol::LinkHandlers handlers;
    handlers.prepare_connect = [] { return protocol::ConnectTerms{}; };
    handlers.connected = [&](const auto&) {
      link.publish(protocol::keys_topic(), controller.key_set(), true, [&](protocol::PublishOutcome) { done = true; });
    };
    link.start(std::move(handlers));
    REQUIRE(run_until(loop, [&] { return done; }));
  }

  TempFolder folder_;
  tests::Broker broker_;
  TestTls tls_ = make_test_tls();
  std::unique_ptr<HttpServer> files_;
  std::string serial_;
  int runs_ = 0;
};

}  // namespace loa::tests
