// What ModemManager's name on the bus answers: any D-Bus message, above all one that is nearly right.
#include <sys/socket.h>

#include "node-firmware/edge/modem_reader.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

constexpr const char* kTexts[] = {"org.freedesktop.ModemManager1.Modem", "State", "SignalQuality", "PrimaryPort", "Ports", "cdc-wdm0", ""};
constexpr const char* kTypes[] = {"i", "(ub)", "s", "u", "as", "v", "a{sv}", "(ui)", "ay", "a(sv)", "b", "d", "a{uu}"};
constexpr const char* kAnswers[] = {"a{oa{sa{sv}}}", "a{oa{sa{sv}}}", "a{oa{sa{sv}}}", "a{sv}", "as", "a{oa{sas}}", "v"};

/// A bus that only lends its name to messages.
sd_bus* bus() {
  static sd_bus* const made = [] {
    int ends[2];
    sd_bus* one = nullptr;
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || sd_bus_new(&one) < 0 || sd_bus_set_fd(one, ends[0], ends[0]) < 0 || sd_bus_start(one) < 0)
      broken("sd-bus starts");
    return one;
  }();
  return made;
}

std::size_t length_of_one(std::string_view types) {  // of the first whole type
  if (types[0] == 'a') return 1 + length_of_one(types.substr(1));
  if (types[0] != '(' && types[0] != '{') return 1;
  std::size_t at = 1;
  while (types[at] != ')' && types[at] != '}') at += length_of_one(types.substr(at));
  return at + 1;
}

void fill(sd_bus_message* message, std::string_view types, Bytes& input, int depth) {
  while (!types.empty()) {
    const std::string one(types.substr(0, length_of_one(types)));
    types.remove_prefix(one.size());
    const std::string inner = one.size() > 2 && one[0] != 'a' ? one.substr(1, one.size() - 2) : one.substr(1);
    const auto within = [&](char kind, const std::string& contents, int times) {
      if (sd_bus_message_open_container(message, kind, contents.c_str()) < 0) return;
      for (; times > 0; --times) fill(message, contents, input, depth + 1);
      sd_bus_message_close_container(message);
    };
    switch (one[0]) {
      case 's': sd_bus_message_append(message, "s", kTexts[input.byte() % std::size(kTexts)]); break;
      case 'o': sd_bus_message_append(message, "o", "/m"); break;
      case 'b': sd_bus_message_append(message, "b", input.byte() & 1); break;
      case 'y': sd_bus_message_append(message, "y", input.byte()); break;
      case 'd': sd_bus_message_append(message, "d", 0.5); break;
      case 'i':
      case 'u': {
        const std::uint32_t number = input.byte();
        sd_bus_message_append(message, one.c_str(), input.byte() & 1 ? number : number * 0xFEFFFFD5U);  // also far beyond what an int holds
        break;
      }
      case 'v': within('v', depth > 8 ? "i" : kTypes[input.byte() % std::size(kTypes)], 1); break;
      case 'a': within('a', inner, depth > 8 ? 0 : input.byte() % 80); break;
      case '{': within('e', inner, 1); break;
      case '(': within('r', inner, 1); break;
      default: break;
    }
  }
}

void answer(std::string_view bytes) {
  static const node::edge::SdBus kLoaded;
  Bytes input(bytes);
  sd_bus_message* message = nullptr;
  if (sd_bus_message_new_signal(bus(), &message, "/m", "loa.Fuzz", "Answer") < 0) broken("a message is made");
  fill(message, kAnswers[input.byte() % std::size(kAnswers)], input, 0);
  if (sd_bus_message_seal(message, 1, 0) >= 0 && sd_bus_message_rewind(message, 1) >= 0) {
    const auto read = node::edge::read_modems(kLoaded, message);
    if (const auto* modems = std::get_if<std::vector<node::edge::Modem>>(&read)) {
      demand(modems->size() <= static_cast<std::size_t>(node::edge::kMostValues), "modems are bounded");
      for (const auto& modem : *modems) {
        demand(!modem.percent || (*modem.percent >= 0 && *modem.percent <= 100), "a signal is in percent");
        demand(modem.port.size() <= 32 && modem.port.find('\n') == std::string::npos, "a port is a word");
        demand(*node::edge::name_of_modem_state(modem.state) != '\0', "every state has a name");
      }
      const auto* best = node::edge::strongest(*modems);
      demand(!best || (best->connected() && best->percent), "the strongest is connected and tells its signal");
    } else {
      demand(!std::get<std::string>(read).empty(), "a refusal says why");
    }
  }
  sd_bus_message_unref(message);
}

std::vector<std::string> answers() {
  const std::string good{0, 1, 1, 0, 3, 1, 0, 11, 1, 2, 1, 67, 1, 1, 3, 2, 5};
  return {good, std::string{4, 3, 0, 1, 2}, std::string{0, 2, 2, 4, 0, 0, 3, 1, 2, 67, 1, 2, 4, 3, 0, 1, 2, 3, 4, 6}, std::string(1, 3) + std::string(40, 6)};
}

const Registration kAnswer{{"modem_answer", answer, answers, 4096}};

}  // namespace
}  // namespace loa::fuzz
