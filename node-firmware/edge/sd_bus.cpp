#include "node-firmware/edge/sd_bus.hpp"

namespace loa::node::edge {

SdBus::SdBus() {
  library.find("sd_bus_open_system", open_system);
  library.find("sd_bus_close_unref", close);
  library.find("sd_bus_get_fd", fd);
  library.find("sd_bus_get_events", events);
  library.find("sd_bus_process", process);
  library.find("sd_bus_call_async", call);
  library.find("sd_bus_slot_unref", drop_slot);
  library.find("sd_bus_message_new_method_call", new_call);
  library.find("sd_bus_message_set_auto_start", set_auto_start);
  library.find("sd_bus_message_unref", drop_message);
  library.find("sd_bus_message_get_error", error);
  library.find("sd_bus_message_peek_type", peek);
  library.find("sd_bus_message_enter_container", enter);
  library.find("sd_bus_message_exit_container", leave);
  library.find("sd_bus_message_at_end", at_end);
  library.find("sd_bus_message_read_basic", read);
  library.find("sd_bus_message_skip", skip);
}

}  // namespace loa::node::edge
