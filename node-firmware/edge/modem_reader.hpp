#pragma once
#include <variant>

#include "node-firmware/edge/modem.hpp"
#include "node-firmware/edge/sd_bus.hpp"

namespace loa::node::edge {

/// Of more objects, or of more values in all of them, an answer is not ModemManager's.
inline constexpr int kMostModems = 64;
inline constexpr int kMostValues = 32'768;

/// The modems in an answer to GetManagedObjects (a{oa{sa{sv}}}), or why it is none. A property of another type, or out of its range, counts as not told.
/// Reads at most kMostValues values, so that it takes some ms at most.
std::variant<std::vector<Modem>, std::string> read_modems(const SdBus& bus, sd_bus_message* answer);

}  // namespace loa::node::edge
