#include "controller/settings.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <set>

#include "config/toml_reader.hpp"
#include "controller/store/database_url.hpp"
#include "controller/store/users.hpp"

namespace loa::controller {

namespace {

constexpr std::size_t kMostAddresses = 3;

/// One to three addresses that begin with `scheme`, as plans and bundles carry them.
std::vector<std::string> addresses(config::Section& section, const char* key, const std::string& scheme) {
  auto list = section.texts(key, {}, kMostAddresses);
  if (list.empty()) section.refuse(key, fmt::format("`{}` is missing: one to three addresses that nodes use", key));
  for (const auto& address : list)
    if (address.rfind(scheme, 0) != 0) section.refuse(key, fmt::format("`{}` must begin with {}, not \"{}\"", key, scheme, address));
  return list;
}

void check_database(const config::Section& root, const std::string& url) {
  if (url.empty()) return;
  try {
    store::parse_database_url(url);
  } catch (const std::exception& error) {
    root.refuse("database", error.what());
  }
}

}  // namespace

namespace {

/// Figures tell who is silent and what fails, so they are for this machine alone, or for who has a token and over TLS.
void read_metrics(config::Section& root, Settings& settings) {
  auto metrics = root.table("metrics");
  settings.metrics.address = metrics.text("address", "127.0.0.1");
  settings.metrics.port = static_cast<unsigned short>(metrics.integer("port", 0, 0, 65535));
  settings.metrics_token = metrics.path("token_file", "");
  settings.metrics.limits.connections = 32;
  settings.metrics.limits.connections_an_address = 16;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(settings.metrics.address, error);
  if (error) metrics.refuse("address", "`address` must be an IP address, not \"" + settings.metrics.address + "\"");
  if (address.is_loopback()) return;
  if (settings.metrics_token.empty()) metrics.refuse("address", "figures leave this machine only for who has a token: set `token_file`, or listen on loopback");
  if (!settings.tls) metrics.refuse("address", "figures leave this machine over TLS only: set `http.tls`, or listen on loopback");
}

}  // namespace

std::string Settings::database_url() const { return database.empty() ? "sqlite://" + (state / "loa.db").string() : database; }

Settings read_settings(const std::filesystem::path& file) {
  config::TomlFile toml(file);
  auto& root = toml.root();
  Settings settings;
  settings.state = root.path("state", "/var/lib/loa/controller");
  settings.database = root.text("database", "");
  check_database(root, settings.database);
  settings.web_root = root.path("web", "/usr/share/loa/web");
  settings.stock = root.path("stock", "/usr/share/loa/stock");
  settings.transcoder = root.path("transcoder", "");
  settings.log_level = root.text("log_level", "info");
  static const std::set<std::string> kLevels{"debug", "info", "warn", "error"};
  if (!kLevels.count(settings.log_level)) root.refuse("log_level", "`log_level` must be debug, info, warn or error");
  settings.hosts = root.texts("hosts", {"localhost", "127.0.0.1"}, 20);

  auto http = root.table("http");
  settings.http.address = http.text("address", "127.0.0.1");
  settings.http.port = static_cast<unsigned short>(http.integer("port", 8443, 0, 65535));
  settings.tls = http.flag("tls", true);
  settings.http.trusted_proxies = http.texts("trusted_proxies", {}, 20);
  auto& limits = settings.http.limits;
  limits.connections = static_cast<std::size_t>(http.integer("connections", 512, 10, 10'000));
  limits.connections_an_address = static_cast<std::size_t>(http.integer("connections_an_address", 128, 1, 10'000));
  limits.slowest = static_cast<std::uint32_t>(http.integer("slowest", 512, 0, 1'000'000));

  auto sign_in = root.table("sign_in");
  settings.sign_in.session = std::chrono::hours(sign_in.integer("session_hours", 12, 1, 24 * 30));
  settings.sign_in.second_factor_for = sign_in.texts("second_factor_for", {"approver", "admin"}, 4);
  for (const auto& role : settings.sign_in.second_factor_for)
    if (!store::parse_role(role)) sign_in.refuse("second_factor_for", fmt::format("`second_factor_for` names author, approver, monitor or admin, not \"{}\"", role));
  settings.sign_in.passwords_by_admin = sign_in.flag("passwords_by_admin", false);
  settings.sign_in.idle = std::chrono::minutes(sign_in.integer("idle_minutes", 30, 5, 24 * 60));

  auto nodes = root.table("nodes");
  settings.brokers = addresses(nodes, "brokers", "mqtts://");
  settings.files = addresses(nodes, "files", "https://");

  auto broker = root.table("broker");
  settings.broker.address = broker.text("address", settings.brokers.front());
  if (settings.broker.address.rfind("mqtts://", 0) != 0) broker.refuse("address", "`address` must begin with mqtts://");
  settings.broker.bind_address = broker.text("bind", "0.0.0.0");
  settings.broker.port = static_cast<std::uint16_t>(broker.integer("port", 8883, 1, 65535));
  settings.broker.live_folder = broker.path("live", "/etc/loa/broker");
  settings.broker.data_folder = broker.path("data", "/var/lib/loa/broker");
  settings.broker.user = broker.text("user", "mosquitto");
  read_metrics(root, settings);
  auto backup = root.table("backup");
  settings.backup_alarm_after = std::chrono::hours(backup.integer("alarm_after_hours", 48, 0, 24 * 366));
  root.finish();
  return settings;
}

}  // namespace loa::controller
