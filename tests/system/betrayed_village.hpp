#pragma once
#include <boost/json/parse.hpp>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include "tests/support/hostile_broker.hpp"
#include "tests/system/village.hpp"

namespace loa::tests {

/// A village whose two nodes reach their broker only through one that is not on our side.
struct BetrayedVillage {
  static std::string content(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  BetrayedVillage() : BetrayedVillage([](Village&) {}) {}
  /// `before` is done to it before its nodes are made.
  explicit BetrayedVillage(const std::function<void(Village&)>& before) : port(free_port()) {
    before(village);
    village.reach_broker_at(port);
    village.add_node("PX-01", Village::kWard, "[times]\nstate_period = \"5s\"\n");
    village.add_node("AL-01", Village::kCommune);
    broker.emplace(HostileBroker::Settings{port, village.broker_port(), content(village.folder() / "live/server.pem"),
                                           content(village.folder() / "live/server.key"),
                                           [this](const std::string& node) { return identity(node); }});
    village.start_node("PX-01");
    village.start_node("AL-01");
    ready = village.nodes_ready();
  }

  HostileBroker::Identity identity(const std::string& node) {
    for (const char* code : {"PX-01", "AL-01"}) {
      if (village.node_id(code) != node) continue;
      // It goes on in the board's name, with what the board speaks with by now.
      const auto own = village.node_folder(code) / "state/own-keys.json";
      if (std::filesystem::exists(own)) {
        const auto keys = boost::json::parse(content(own));
        return {text(keys, "certificate_pem"), text(keys, "tls_key_pem")};
      }
      const auto bundle = boost::json::parse(content(village.node_folder(code) / "bundle.json"));
      return {text(bundle, "tls_certificate_pem"), text(bundle, "tls_key_pem")};
    }
    throw std::runtime_error("a stranger: " + node);
  }
  boost::json::value node(const char* code) { return village.admin().get("/nodes/" + village.node_id(code)); }
  std::string status(const char* code) { return text(node(code), "status"); }
  std::string last_refusal(const char* code) {
    const auto known = node(code);
    const auto* refusal = known.at("report").as_object().if_contains("last_refusal");
    return refusal ? text(*refusal, "code") : "";
  }
  bool has_reason(const char* code, const std::string& reason) {
    const auto known = node(code);
    for (const auto& one : known.at("reasons").as_array())
      if (text(one, "code") == reason) return true;
    return false;
  }
  /// Whether the controller has every record that the node says it has, and it is silent.
  bool told_all(const char* code) {
    const auto report = node(code).at("report");
    return report.at("log").at("acked") == report.at("log").at("number") && !report.as_object().contains("sounding");
  }
  /// How many records of this query were heard at all.
  std::size_t heard(const std::string& query) {
    std::size_t count = 0;
    for (const auto& record : village.records(query))
      if (record.at("heard_ms").as_int64() > 0) ++count;
    return count;
  }

  Village village;
  std::uint16_t port;
  std::optional<HostileBroker> broker;
  bool ready = false;
};

}  // namespace loa::tests
