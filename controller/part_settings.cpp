#include "controller/part_settings.hpp"

#include "tts-adapters/espeak.hpp"

namespace loa::controller {

using namespace std::chrono_literals;

authority::BrokerSettings broker_settings(const Settings& settings, const protocol::Formats& formats) {
  authority::BrokerSettings broker;
  broker.port = settings.broker.port;
  broker.bind_address = settings.broker.bind_address;
  broker.hosts = settings.hosts;
  broker.live_folder = std::filesystem::absolute(settings.broker.live_folder).lexically_normal();
  broker.data_folder = std::filesystem::absolute(settings.broker.data_folder).lexically_normal();
  broker.user = settings.broker.user;
  broker.formats = formats.numbers();
  return broker;
}

api::Settings api_settings(const Settings& settings) {
  api::Settings api;
  api.web_root = settings.web_root;
  api.session_time = settings.sign_in.session;
  api.idle_time = settings.sign_in.idle;
  for (const auto& role : settings.sign_in.second_factor_for) api.second_factor_for.push_back(*store::parse_role(role));
  api.passwords_by_admin = settings.sign_in.passwords_by_admin;
  if (!settings.hosts.empty()) api.name = "Loa " + settings.hosts.front();
  api.second_factor_key = settings.second_factor_key();
  return api;
}

protocol::LinkSettings link_settings(const Settings& settings) {
  protocol::LinkSettings link;
  link.addresses = {settings.broker.address};
  link.client_id = authority::kControllerIdentity;
  link.backoff_base = 250ms;
  link.backoff_cap = 5s;
  link.stable_after = 5s;
  return link;
}

std::unique_ptr<tts::Registry> synthesizers(std::shared_ptr<process::Tally> tally) {
  auto registry = std::make_unique<tts::Registry>();
  registry->add(std::make_unique<tts::EspeakSynthesizer>("espeak-ng", 60s, std::move(tally)));
  return registry;
}

}  // namespace loa::controller
