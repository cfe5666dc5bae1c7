#include "controller/authority/broker_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cctype>
#include <sstream>
#include <string_view>

namespace loa::authority {

namespace {

std::string without_slash(const std::filesystem::path& folder) {
  return (folder.has_filename() ? folder : folder.parent_path()).string();
}

/// What follows `key` and a space on the first line that begins so; empty where none does.
std::string_view value_of(std::string_view conf, std::string_view key) {
  while (!conf.empty()) {
    const auto line = conf.substr(0, conf.find('\n'));
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) return line.substr(key.size() + 1);
    conf.remove_prefix(std::min(line.size() + 1, conf.size()));
  }
  return {};
}

template <class Number>
Number number_in(std::string_view text) {
  Number number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? number : Number{0};
}

// A port of 0 would make the address a path of a socket.
void read_listener(std::string_view value, BrokerSettings& settings) {
  const auto space = value.find(' ');
  if (space == std::string_view::npos) return;
  const auto address = value.substr(space + 1);
  settings.port = std::max<std::uint16_t>(number_in<std::uint16_t>(value.substr(0, space)), 1);
  settings.bind_address.clear();
  for (const char c : address)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == ':' || c == '-' || c == '%') settings.bind_address += c;
}

std::string shown(std::string line) {
  constexpr std::size_t kMost = 100;
  for (char& c : line)
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) c = '?';
  return line.size() > kMost ? line.substr(0, kMost) + "…" : line;
}

}  // namespace

std::string make_broker_conf(const BrokerSettings& settings) {
  const std::string live = without_slash(settings.live_folder);
  const std::string data = without_slash(settings.data_folder);
  std::string conf;
  const auto line = [&conf](const std::string& key, const std::string& value) { conf += key + " " + value + "\n"; };
  conf += "# Written by the Loa controller; changed here it is overwritten.\n";
  if (!settings.user.empty()) line("user", settings.user);
  line("persistence", "true");
  line("persistence_location", data + "/");
  line("autosave_interval", "30");
  line("pid_file", data + "/mosquitto.pid");
  line("log_dest", "stderr");
  for (const char* type : {"error", "warning", "notice", "information"}) line("log_type", type);
  line("sys_interval", "0");
  line("set_tcp_nodelay", "true");
  line("max_packet_size", std::to_string(settings.max_packet_bytes));
  line("max_inflight_messages", "20");
  line("max_queued_messages", "20000");  // after a restart the controller gets the retained state of every node at once
  line("allow_anonymous", "false");
  line("acl_file", live + "/acl");
  line("listener", fmt::format("{} {}", settings.port, settings.bind_address));
  line("cafile", live + "/ca.pem");
  line("certfile", live + "/server.pem");
  line("keyfile", live + "/server.key");
  line("crlfile", live + "/crl.pem");
  line("tls_version", "tlsv1.2");
  line("require_certificate", "true");
  line("use_identity_as_username", "true");
  // After the listener line: before it mosquitto ignores it, and one node could throw another off.
  line("use_username_as_clientid", "true");
  return conf;
}

std::optional<std::string> check_broker_conf(const std::string& conf, const BrokerConfBounds& bounds) {
  BrokerSettings settings;
  settings.live_folder = bounds.live_folder;
  settings.data_folder = bounds.data_folder;
  if (!value_of(conf, "user").empty()) settings.user = bounds.user;
  settings.max_packet_bytes = number_in<std::size_t>(value_of(conf, "max_packet_size"));
  read_listener(value_of(conf, "listener"), settings);
  const auto allowed = make_broker_conf(settings);
  if (conf == allowed) return std::nullopt;
  std::istringstream said(conf), wanted(allowed);
  for (int number = 1;; ++number) {
    std::string line, other;
    const bool more = static_cast<bool>(std::getline(said, line)), others = static_cast<bool>(std::getline(wanted, other));
    if (!more && !others) return "mosquitto.conf: does not end as the controller writes it";
    if (more && others && line == other) continue;
    return fmt::format("mosquitto.conf:{}: `{}` is not what the controller writes here, which is `{}`", number, more ? shown(line) : "", others ? shown(other) : "");
  }
}

}  // namespace loa::authority
