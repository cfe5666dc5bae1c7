#include "node-firmware/edge/modem_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace loa::node::edge {
namespace {

constexpr std::string_view kModem = "org.freedesktop.ModemManager1.Modem";
constexpr std::size_t kMostPort = 32;

/// Why a message is not read to its end.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Reader {
 public:
  Reader(const SdBus& bus, sd_bus_message* message) : bus_(bus), message_(message) {}

  std::vector<Modem> modems() {
    std::vector<Modem> found;
    int objects = 0;
    enter('a', "{oa{sa{sv}}}");
    while (more()) {
      if (++objects > kMostModems) throw Refused("it tells of more than " + std::to_string(kMostModems) + " objects");
      enter('e', "oa{sa{sv}}");
      text('o');
      enter('a', "{sa{sv}}");
      while (more()) {
        enter('e', "sa{sv}");
        if (text('s') == kModem) found.push_back(modem());
        else skip();
        leave();
      }
      leave();
      leave();
    }
    leave();
    return found;
  }

 private:
  Modem modem() {
    Modem modem;
    enter('a', "{sv}");
    while (more()) {
      enter('e', "sv");
      const auto name = text('s');
      if (name == "State" && holds("i")) modem.state = number<std::int32_t>('i');
      else if (name == "SignalQuality" && holds("(ub)")) modem.percent = quality();
      else if (name == "PrimaryPort" && holds("s")) modem.port = port();
      else skip();
      leave();
    }
    leave();
    return modem;
  }

  std::optional<int> quality() {
    enter('v', "(ub)");
    enter('r', "ub");
    const auto percent = value<std::uint32_t>('u');
    skip();
    leave();
    leave();
    return percent <= 100 ? std::optional(static_cast<int>(percent)) : std::nullopt;
  }

  std::string port() {
    enter('v', "s");
    std::string name(text('s').substr(0, kMostPort));
    leave();
    const auto odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) > '~'; };
    return std::any_of(name.begin(), name.end(), odd) ? std::string() : name;
  }

  template <class Number>
  Number number(char type) {
    const char contents[] = {type, '\0'};
    enter('v', contents);
    const auto read = value<Number>(type);
    leave();
    return read;
  }

  /// Whether what comes next is a variant of that type.
  bool holds(std::string_view type) {
    char kind = 0;
    const char* contents = nullptr;
    return bus_.peek(message_, &kind, &contents) > 0 && kind == 'v' && contents && contents == type;
  }
  bool more() {
    const int end = bus_.at_end(message_, 0);
    if (end < 0) refuse();
    return end == 0;
  }
  void enter(char type, const char* contents) {
    count();
    if (bus_.enter(message_, type, contents) <= 0) refuse();
  }
  void leave() {
    if (bus_.leave(message_) < 0) refuse();
  }
  template <class Number>
  Number value(char type) {
    count();
    Number read{};
    if (bus_.read(message_, type, &read) <= 0) refuse();
    return read;
  }
  std::string_view text(char type) { return value<const char*>(type); }

  /// One value of any type, element by element: an array that is skipped as a whole is not counted.
  void skip() {
    char type = 0;
    const char* contents = nullptr;
    if (bus_.peek(message_, &type, &contents) <= 0) refuse();
    if (!contents) {
      count();
      const char basic[] = {type, '\0'};
      if (bus_.skip(message_, basic) < 0) refuse();
      return;
    }
    const std::string inner(contents);  // the message's own text may move
    enter(type, inner.c_str());
    while (more()) skip();
    leave();
  }

  void count() {
    if (++values_ > kMostValues) throw Refused("it tells of more than " + std::to_string(kMostValues) + " values");
  }
  [[noreturn]] static void refuse() { throw Refused("it does not answer as ModemManager does"); }

  const SdBus& bus_;
  sd_bus_message* message_;
  int values_ = 0;
};

}  // namespace

std::variant<std::vector<Modem>, std::string> read_modems(const SdBus& bus, sd_bus_message* answer) {
  try {
    return Reader(bus, answer).modems();
  } catch (const Refused& refused) {
    return std::string(refused.what());
  }
}

const Modem* strongest(const std::vector<Modem>& modems) {
  const Modem* best = nullptr;
  for (const auto& modem : modems)
    if (modem.connected() && modem.percent && (!best || *modem.percent > *best->percent)) best = &modem;
  return best;
}

const char* name_of_modem_state(int state) {
  static constexpr const char* kNames[] = {"failed",    "unknown",   "initializing", "locked",        "disabled",   "disabling", "enabling",
                                           "enabled",   "searching", "registered",   "disconnecting", "connecting", "connected"};
  return state >= -1 && state <= 11 ? kNames[state + 1] : "unknown";
}

}  // namespace loa::node::edge
