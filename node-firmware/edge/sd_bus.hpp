#pragma once
#include <systemd/sd-bus.h>

#include <memory>

#include "node-firmware/edge/loaded_library.hpp"

namespace loa::node::edge {

/// What is used of libsystemd's sd-bus. It brings six more libraries, so it is loaded where there is a modem to be asked, and only there.
struct SdBus {
  LoadedLibrary library{"libsystemd.so.0", "libsystemd0"};
  decltype(sd_bus_open_system)* open_system = nullptr;
  decltype(sd_bus_close_unref)* close = nullptr;
  decltype(sd_bus_get_fd)* fd = nullptr;
  decltype(sd_bus_get_events)* events = nullptr;
  decltype(sd_bus_process)* process = nullptr;
  decltype(sd_bus_call_async)* call = nullptr;
  decltype(sd_bus_slot_unref)* drop_slot = nullptr;
  decltype(sd_bus_message_new_method_call)* new_call = nullptr;
  decltype(sd_bus_message_set_auto_start)* set_auto_start = nullptr;
  decltype(sd_bus_message_unref)* drop_message = nullptr;
  decltype(sd_bus_message_get_error)* error = nullptr;
  decltype(sd_bus_message_peek_type)* peek = nullptr;
  decltype(sd_bus_message_enter_container)* enter = nullptr;
  decltype(sd_bus_message_exit_container)* leave = nullptr;
  decltype(sd_bus_message_at_end)* at_end = nullptr;
  decltype(sd_bus_message_read_basic)* read = nullptr;
  decltype(sd_bus_message_skip)* skip = nullptr;

  /// Throws std::runtime_error where the library is not there.
  SdBus();
};

}  // namespace loa::node::edge
