// A ModemManager for machines without one: a program on the bus of DBUS_SYSTEM_BUS_ADDRESS that answers GetManagedObjects as its file says at that
// moment, a line for each object:
//   modem PORT STATE PERCENT    a modem as ModemManager tells of it, among interfaces and properties that nobody asked for
//   many COUNT                  so many modems
//   types                       a modem whose properties are all of another type
//   list                        an answer of another type
//   heap COUNT                  a modem with an array of so many texts in it
//   silence                     no answer at all
#include <systemd/sd-bus.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

void must(int done, const char* what) {
  if (done < 0) throw std::runtime_error(std::string(what) + ": " + std::to_string(done));
}

struct Message {
  sd_bus_message* m;
  void open(char type, const char* contents) { must(sd_bus_message_open_container(m, type, contents), contents); }
  void close() { must(sd_bus_message_close_container(m), "close"); }
  template <class... Values>
  void add(const char* types, Values... values) { must(sd_bus_message_append(m, types, values...), types); }
};

void begin_object(Message& out, int number) {
  out.open('e', "oa{sa{sv}}");
  out.add("o", ("/org/freedesktop/ModemManager1/Modem/" + std::to_string(number)).c_str());
  out.open('a', "{sa{sv}}");
  out.open('e', "sa{sv}");
  out.add("s", "org.freedesktop.ModemManager1.Modem.Simple");
  out.open('a', "{sv}");
  out.close();
  out.close();
  out.open('e', "sa{sv}");
  out.add("s", "org.freedesktop.ModemManager1.Modem");
  out.open('a', "{sv}");
}

void end_object(Message& out) {
  out.close();
  out.close();
  out.close();
  out.close();
}

void modem(Message& out, int number, const char* port, int state, unsigned percent) {
  begin_object(out, number);
  out.add("{sv}", "Manufacturer", "s", "Loa");
  out.add("{sv}", "SupportedCapabilities", "au", 2, 4U, 8U);
  out.add("{sv}", "PrimaryPort", "s", port);
  out.add("{sv}", "Ports", "a(su)", 2, port, 2U, "wwan0", 2U);
  out.add("{sv}", "State", "i", state);
  out.add("{sv}", "UnlockRetries", "a{uu}", 1, 3U, 10U);
  out.add("{sv}", "SignalQuality", "(ub)", percent, 1);
  out.add("{sv}", "Plugin", "s", "generic");
  end_object(out);
}

int on_question(sd_bus_message* question, void* data, sd_bus_error*) {
  if (!sd_bus_message_is_method_call(question, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")) return 0;
  std::puts("asked");
  std::fflush(stdout);
  Message out{};
  must(sd_bus_message_new_method_return(question, &out.m), "an answer");
  std::ifstream in(static_cast<const char*>(data));
  int number = 0;
  bool list = false;
  out.open('a', "{oa{sa{sv}}}");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string kind, port;
    int state = 0, count = 0;
    words >> kind;
    if (kind == "silence") return 1;
    if (kind == "modem") {
      words >> port >> state >> count;
      modem(out, number++, port.c_str(), state, static_cast<unsigned>(count));
    } else if (kind == "many") {
      for (words >> count; number < count; ++number) modem(out, number, "cdc-wdm0", 11, 50);
    } else if (kind == "types") {
      begin_object(out, number++);
      out.add("{sv}", "State", "s", "connected");
      out.add("{sv}", "SignalQuality", "u", 67U);
      out.add("{sv}", "PrimaryPort", "as", 1, "cdc-wdm0");
      end_object(out);
    } else if (kind == "heap") {
      begin_object(out, number++);
      out.open('e', "sv");
      out.add("s", "Ports");
      out.open('v', "as");
      out.open('a', "s");
      for (words >> count; count > 0; --count) out.add("s", "wwan0");
      out.close();
      out.close();
      out.close();
      end_object(out);
    } else if (kind == "list") {
      list = true;
    }
  }
  out.close();
  if (list) {
    sd_bus_message_unref(out.m);
    must(sd_bus_message_new_method_return(question, &out.m), "an answer");
    out.add("as", 2, "/org/freedesktop/ModemManager1/Modem/0", "connected");
  }
  must(sd_bus_message_send(out.m), "sending");
  sd_bus_message_unref(out.m);
  return 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 64;
  sd_bus* bus = nullptr;
  must(sd_bus_open_system(&bus), "the bus");
  must(sd_bus_add_object(bus, nullptr, "/org/freedesktop/ModemManager1", on_question, argv[1]), "the object");
  must(sd_bus_request_name(bus, "org.freedesktop.ModemManager1", 0), "the name");
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    const int done = sd_bus_process(bus, nullptr);
    must(done, "the bus");
    if (done == 0) must(sd_bus_wait(bus, UINT64_MAX), "the bus");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
