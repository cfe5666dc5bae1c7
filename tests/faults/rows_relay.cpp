#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <optional>

#include "tests/faults/own_controller.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/http_server.hpp"
#include "tests/support/station.hpp"

// Relays whose servers fail or lie; a clip of the board's stands in for them.
namespace loa::tests {

using namespace std::chrono_literals;

namespace {

constexpr int kTone = 5000;        // Hz: no test clip has it
constexpr double kRelay = 32;      // seconds that the relay is planned for
constexpr double kAhead = 16;      // more than the 10 s after which a relay that never came is given up

/// A board that is to relay a station for kRelay seconds, with test clip A in its place where it fails.
class RelayBoard {
 public:
  RelayBoard(World& in, Case& to) : world(in), test(to), trusted_(make_test_tls()), station_(kTone) {
    const auto ca = world.village().folder() / "relay-ca.pem";
    std::ofstream(ca) << trusted_.ca_pem;
    code = world.board(fmt::format("[streams]\nca_file = \"{}\"\n", ca.string()));
    world.plan(code, 'A', 3600);  // the board has the clip before its controller goes
    const auto clip = world.village().officer().get("/programmes/" + world.programme('A')).at("clip");
    stand_in_.duration = scheduler::Millis(clip.at("duration_ms").to_number<std::int64_t>());
    stand_in_.bytes = clip.at("bytes").to_number<std::int64_t>();
    stand_in_.sha256 = text(clip, "sha256");
  }
  /// A server of the station with a certificate that the board believes, or with this one.
  void serve(const std::optional<TestTls>& tls = {}, HttpServer::Handler other = {}) {
    const auto sound = [this](const HttpRequest&) { return ServerAnswer{.content_type = "audio/mpeg", .more = station_.listen()}; };
    server_.emplace(other ? std::move(other) : HttpServer::Handler(sound), tls.value_or(trusted_));
  }
  /// Plans the relay; from then on the board listens to it.
  void plan() {
    controller_.emplace(world, code);
    scheduler::Occurrence relay;
    relay.title = "Tiếp sóng";
    relay.language = "vi";
    relay.duration = std::chrono::duration_cast<scheduler::Millis>(std::chrono::duration<double>(kRelay));
    relay.items = {{.kind = scheduler::ItemKind::stream, .duration = relay.duration, .url = server_->base() + "/live"}};
    relay.substitutes = {stand_in_};
    play = controller_->give(relay, std::floor(utc_now()) + kAhead);
  }
  Station& station() { return station_; }
  const TestTls& trusted() const { return trusted_; }

  /// What must be heard: the relay from its due time on for at least `relay` seconds, or not at all where 0; then the whole clip once, `gap` seconds after it.
  struct Wanted {
    double relay = 0, gap = 0;
    std::string says = {};
  };
  /// Waits for the relay's end and judges it.
  void judge(const Wanted& wanted) {
    wait_until(play.due + kRelay + 1);
    const auto sounds = world.hear(code, play.due - 3);
    test.heard(in_words(sounds, play.due));
    const double relay = total(sounds, '?'), clip = total(sounds, 'A');
    test.check(wanted.relay > 0 ? relay >= wanted.relay : relay < 0.1, fmt::format("{:.2f} s of the relay were heard, {} {:.1f} s must be", relay, wanted.relay > 0 ? "at least" : "exactly", wanted.relay));
    test.check(std::abs(clip - kClipSeconds) < 0.15, fmt::format("{:.2f} s of the substitute were heard, {:.0f} s must be, once", clip, kClipSeconds));
    double end = play.due;  // of the relay
    for (const auto& sound : sounds)
      if (sound.what == '?') end = sound.from + sound.length;
    const double slack = wanted.relay > 0 ? 1.5 : 0.3;
    for (const auto& sound : sounds)
      if (sound.what == 'A') test.check(std::abs(sound.from - end - wanted.gap) < slack, fmt::format("the substitute begins {:+.2f} s after the relay, {:.1f} s must be between them", sound.from - end, wanted.gap));
    if (!wanted.says.empty()) world.must_say(test, code, wanted.says);
    world.must_live(test, code);
    controller_.reset();
    world.controller_back();
    world.judge_record(test, code, play, {.outcomes = {"partial"}, .reasons = {"substituted"}, .record_limit = 60s}, relay + clip);
  }

  World& world;
  Case& test;
  std::string code;
  Play play;

 private:
  TestTls trusted_;
  Station station_;
  scheduler::Item stand_in_;
  std::optional<HttpServer> server_;
  std::optional<OwnController> controller_;
};

// What came ahead of its time still sounds; then nothing, until the node gives the relay up.
void falls_in_play(World& world, Case& test, Station::Mood mood, double gap) {
  RelayBoard board(world, test);
  board.serve();
  board.plan();
  wait_until(board.play.due + 5);
  board.station().set(mood);
  board.judge({.relay = 4.5, .gap = gap});
}

void redirects(World& world, Case& test) {
  RelayBoard board(world, test);
  HttpServer elsewhere([](const HttpRequest&) { return ServerAnswer{.body = "none of this"}; }, board.trusted());
  board.serve({}, [&elsewhere](const HttpRequest&) { return ServerAnswer{.status = 302, .location = elsewhere.base() + "/live"}; });
  board.plan();
  board.judge({.says = "it redirects to another host"});
  test.check(elsewhere.requests().empty(), "the other host was asked");
}

void bad_certificate(World& world, Case& test) {
  RelayBoard board(world, test);
  board.serve(make_test_tls());
  board.plan();
  board.judge({.says = "SSL"});  // OpenSSL's word for it depends on how near the stranger's names are to those that are trusted
}

}  // namespace

std::vector<FaultRow> relay_rows() {
  const auto row = [](const char* name, const char* fault, const char* heard, std::function<void(World&, Case&)> run) {
    return FaultRow{std::string("relay.") + name, fault, heard, "one record: partial, substituted", false, std::move(run)};
  };
  return {
      row("drops", "the relay's server ends every connection from 5 s into the relay", "the relay up to then, and what came ahead of its time; 3 s later the substitute, whole, once",
          [](World& w, Case& t) { falls_in_play(w, t, Station::closes, 3); }),
      row("stalls", "the relay's server sends nothing more from 5 s into the relay, and keeps the connection", "the relay up to then, and what came ahead of its time; 3 s later the substitute, whole, once",
          [](World& w, Case& t) { falls_in_play(w, t, Station::stalls, 3); }),
      row("silent", "the relay sends silence from 5 s into the relay", "the relay up to then, and what came ahead of its time; 10 s later the substitute, whole, once",
          [](World& w, Case& t) { falls_in_play(w, t, Station::silent, 10); }),
      row("redirects", "the relay's server redirects to another host", "the substitute on the minute, nothing of the other host", redirects),
      row("bad-certificate", "the relay's server has a certificate of an authority that nobody trusts", "the substitute on the minute", bad_certificate),
  };
}

}  // namespace loa::tests
