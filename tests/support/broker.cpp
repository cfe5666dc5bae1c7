#include "tests/support/broker.hpp"

#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "protocol/clock.hpp"

namespace loa::tests {

namespace {

using namespace std::chrono_literals;

constexpr auto kLimit = 10s;

scheduler::TimePoint now() { return protocol::SystemClock().now(); }

authority::BrokerSettings settings_in(const std::filesystem::path& folder, std::string bind_address) {
  authority::BrokerSettings settings;
  settings.port = free_port();
  settings.bind_address = std::move(bind_address);
  settings.hosts = {"localhost", "127.0.0.1"};
  settings.live_folder = folder / "live";
  settings.data_folder = folder / "data";
  if (geteuid() == 0) settings.user = "root";  // the test's folder is the test's alone
  return settings;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

Broker::Broker(const std::filesystem::path& folder, std::vector<std::string> nodes, std::string bind_address)
    : folder_(folder),
      nodes_(std::move(nodes)),
      settings_(settings_in(folder, std::move(bind_address))),
      authority_(authority::CertificateAuthority::open_or_create(folder / "ca", now())) {
  std::filesystem::create_directories(live());
  std::filesystem::create_directories(folder_ / "data");
  authority::write_broker_files(source(), settings_, authority_, nodes_, now());
  go_live();
}

void Broker::go_live() {
  for (const char* name : authority::kBrokerFiles)
    std::filesystem::copy_file(source() / name, live() / name, std::filesystem::copy_options::overwrite_existing);
}

void Broker::start(std::vector<std::string> more) {
  const std::string name = "mosquitto" + std::to_string(++starts_);
  std::vector<std::string> words{"mosquitto", "-c", (live() / "mosquitto.conf").string()};
  words.insert(words.end(), more.begin(), more.end());
  process_.emplace(std::move(words), Process::Options{folder_, name, {}, {}});
  if (!process_->wait_for_line("running", kLimit)) throw std::runtime_error("mosquitto: " + process_->err());
}

void Broker::stop() { process_->stop(); }

void Broker::kill() { process_->kill(); }

void Broker::save() {
  const auto file = folder_ / "data" / "mosquitto.db";
  std::error_code missing;
  const auto before = std::filesystem::last_write_time(file, missing);
  const bool was_there = !missing;
  process_->signal(SIGUSR1);
  for (const auto until = std::chrono::steady_clock::now() + kLimit; std::chrono::steady_clock::now() < until;) {
    std::error_code error;
    const auto after = std::filesystem::last_write_time(file, error);
    if (!error && (!was_there || after != before)) return;
    std::this_thread::sleep_for(5ms);
  }
  throw std::runtime_error("mosquitto did not save");
}

void Broker::set_nodes(std::vector<std::string> nodes, bool live_too) {
  nodes_ = std::move(nodes);
  authority::write_broker_files(source(), settings_, authority_, nodes_, now());
  if (!live_too) return;
  go_live();
  reload();
}

void Broker::reload() {
  const std::size_t before = count(process_->err(), "Reloading config");
  // mosquitto 2.0.11 forgets a signal that comes while it still obeys the one before, so it is sent again.
  for (const auto until = std::chrono::steady_clock::now() + kLimit; std::chrono::steady_clock::now() < until;) {
    process_->signal(SIGHUP);
    for (int look = 0; look < 100; ++look) {
      if (count(process_->err(), "Reloading config") > before) return;
      std::this_thread::sleep_for(5ms);
    }
  }
  throw std::runtime_error("mosquitto did not reload");
}

std::string Broker::address() const { return "mqtts://localhost:" + std::to_string(settings_.port); }

protocol::LinkSettings Broker::link_settings(const std::string& identity, std::string* serial) {
  const auto issued = authority_.issue_client(identity, now());
  if (serial) *serial = issued.serial;
  protocol::LinkSettings link;
  link.addresses = {address()};
  link.client_id = identity;
  link.ca_pem = authority_.certificate_pem();
  link.certificate_pem = issued.certificate_pem;
  link.key_pem = issued.key_pem;
  link.keepalive = 10s;
  link.backoff_base = 50ms;
  link.backoff_cap = 500ms;
  link.stable_after = 2s;
  link.connect_limit = 5s;
  return link;
}

}  // namespace loa::tests
