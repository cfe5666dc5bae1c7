#include "node-firmware/check.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "pole.hpp"
#include "tests/support/false_clock.hpp"

// `loa-node check` as an installer runs it; each row breaks one thing.

using namespace loa;
using namespace loa::tests;

namespace {

/// A TCP port that takes connections and never says a word.
class MuteServer {
 public:
  MuteServer() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 16);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~MuteServer() { ::close(fd_); }
  std::uint16_t port = 0;

 private:
  int fd_;
};

}  // namespace

TEST_CASE("a board on which all is well says so in nine lines, and nothing that it keeps is changed") {
  Pole pole;
  pole.write_plan();
  std::map<std::string, std::string> before;
  const auto kept = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(pole.state()))
      if (entry.is_regular_file() && entry.path().filename() != "lock") files[entry.path()] = node::read_whole(entry.path(), 1 << 20).value();
    return files;
  };
  before = kept();
  const auto copies = [] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
      if (entry.path().filename().string().starts_with("loa-check-")) found.insert(entry.path());
    return found;
  };
  const auto copies_before = copies();
  const auto checked = pole.check();
  CHECK(copies() == copies_before);  // they would hold private keys
  INFO(checked.whole);
  CHECK(checked.code == 0);
  CHECK(checked.lines.size() == 9);
  for (const auto& [name, line] : checked.lines) CHECK_THAT(line, Catch::StartsWith("ok"));
  CHECK_THAT(checked.lines.at("bundle"), Catch::Contains("n-phu-bai-1 (HUE-PB-01)"));
  CHECK_THAT(checked.lines.at("broker"), Catch::Contains("takes it as n-phu-bai-1"));
  CHECK_THAT(checked.lines.at("plan"), Catch::Contains("revision 7"));
  CHECK(kept() == before);
  CHECK_FALSE(std::filesystem::exists(pole / "sound.wav"));
  CHECK(std::filesystem::exists(pole / "sound.wav.check"));
}

TEST_CASE("each thing that is wrong at the pole is named in its own line, with what to do") {
  struct Row {
    const char* name;
    const char* line;   ///< the one that must not be ok
    const char* words;
    std::function<void(Pole&)> break_it;
    std::vector<std::string> environment = {};
  };
  MuteServer mute;
  const std::vector<Row> rows{
      {"no bundle", "bundle", "has not joined yet", [](Pole& pole) { std::filesystem::remove(pole.state() / "bundle.json"); }},
      {"a bundle that is none", "bundle", "damaged", [](Pole& pole) { node::write_durably(pole.state() / "bundle.json", "{\"v\":1}"); }},
      {"a name that leads nowhere", "name lookup", "no-such-host.invalid", [](Pole& pole) {
         pole.brokers = {"mqtts://no-such-host.invalid:8883", pole.broker().address()};
         pole.write_bundle();
       }},
      {"no broker", "broker", "refused", [](Pole& pole) { pole.broker().stop(); }},
      {"a broker that accepts and says nothing", "broker", "no answer in time", [&mute](Pole& pole) {
         pole.brokers = {"mqtts://127.0.0.1:" + std::to_string(mute.port)};
         pole.write_bundle();
       }},
      {"a broker of another authority", "broker", "certificate is refused", [](Pole& pole) {
         auto bundle = protocol::decode_bundle(node::read_whole(pole.state() / "bundle.json", 1 << 20).value()).value();
         bundle.ca_pem = make_test_tls().ca_pem;
         node::write_durably(pole.state() / "bundle.json", protocol::encode(bundle));
       }},
      {"a board that was revoked", "broker", "loa node replace HUE-PB-01", [](Pole& pole) {
         pole.revoke();
       }},
      {"a broker that has not learnt the node's rights", "broker", "does not know this node's rights yet",
       [](Pole& pole) { pole.broker().set_nodes({"n-other"}); }},
      {"another controller's root key", "broker", "of another controller",
       [](Pole& pole) {
         auto bundle = protocol::decode_bundle(node::read_whole(pole.state() / "bundle.json", 1 << 20).value()).value();
         const TestController other;
         bundle.root_key = other.root.public_key();
         bundle.key_set = other.key_set();
         node::write_durably(pole.state() / "bundle.json", protocol::encode(bundle));
       }},
      {"no file server", "HTTPS", "127.0.0.1:1", [](Pole& pole) {
         pole.files = {"https://127.0.0.1:1"};
         pole.write_bundle();
       }},
      {"a file server without the plan's clip", "HTTPS", "answers 404", [](Pole& pole) { pole.status = 404; }},
      {"a clock that is an hour behind", "clock", "behind", {}, false_clock("-1h")},
      {"a clock that lost its battery", "clock", "behind", {}, false_clock("@1970-01-01 00:00:05")},
      {"no sound device", "sound device", "aplay -L", [](Pole& pole) { pole.write_settings("kind = \"alsa\"\ndevice = \"no-such-device\"\n"); }},
      {"an amplifier without a device", "amplifier", "aplay -L", [](Pole& pole) { pole.write_settings("kind = \"alsa\"\ndevice = \"no-such-device\"\n"); }},
      {"sound that goes nowhere", "sound device", "kind = \"alsa\"", [](Pole& pole) { pole.write_settings("kind = \"null\"\n"); }},
      {"no chime", "amplifier", "loa-stock", [](Pole& pole) { std::filesystem::remove(pole / "stock/chime.opus"); }},
      {"a chime that nobody hears", "amplifier", "volume is 0 %",
       [](Pole& pole) { pole.write_plan([](scheduler::Plan& plan) { plan.settings.volume = 0; }); }},
      {"a node that is mute", "plan", "unmute it", [](Pole& pole) { pole.write_plan([](scheduler::Plan& plan) { plan.settings.mute = true; }); }},
      {"no plan", "plan", "none yet", [](Pole& pole) { std::filesystem::remove(pole.state() / "plan.jws"); }},
      {"a plan that ended", "plan", "nothing sounds",
       [](Pole& pole) { pole.write_plan([](scheduler::Plan& plan) { plan.until = now() - 1min; plan.occurrences.clear(); }); }},
      {"a plan by nobody's key", "plan", "does not count",
       [](Pole& pole) { pole.controller.working.at("k-1") = protocol::PrivateKey::generate(); pole.write_plan(); }},
      {"a plan whose file is missing", "plan", "1 of its 1 files are not here", [](Pole& pole) { std::filesystem::remove(pole / "stock/clip.opus"); }},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Pole pole;
      pole.write_plan();
      if (row.break_it) row.break_it(pole);
      const auto checked = pole.check({}, row.environment, row.line == std::string("amplifier") ? std::vector<std::string>{} : std::vector<std::string>{"--silent"});
      INFO(checked.whole);
      CHECK(checked.code == 1);
      REQUIRE(checked.lines.contains(row.line));
      CHECK_THAT(checked.lines.at(row.line), Catch::StartsWith("FIX"));
      CHECK_THAT(checked.lines.at(row.line), Catch::Contains(row.words));
    }
  }
}
