#pragma once
#include <memory>

#include "controller/api/api.hpp"
#include "controller/authority/broker_files.hpp"
#include "controller/settings.hpp"
#include "process/tally.hpp"
#include "protocol/formats.hpp"
#include "protocol/link_mosquitto.hpp"
#include "tts-adapters/synthesizer.hpp"

// The settings of each part, made of the controller's.
namespace loa::controller {

authority::BrokerSettings broker_settings(const Settings& settings, const protocol::Formats& formats);
api::Settings api_settings(const Settings& settings);
/// Without what the controller proves itself with.
protocol::LinkSettings link_settings(const Settings& settings);
/// Speech synthesizers that are there; `tally` counts how their children end.
std::unique_ptr<tts::Registry> synthesizers(std::shared_ptr<process::Tally> tally);

}  // namespace loa::controller
