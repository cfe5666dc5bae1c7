#pragma once
#include <memory>
#include <string>

#include "node-firmware/edge/level_meter.hpp"

namespace loa::node {

/// Listens to an ALSA capture device with GStreamer's alsasrc; the loudest of its channels counts. While it does not listen it costs no
/// thread and no device. Throws std::runtime_error where GStreamer or a plugin of it is missing; a device that fails is trouble().
std::unique_ptr<edge::LevelMeter> make_gst_level_meter(const std::string& device);

}  // namespace loa::node
