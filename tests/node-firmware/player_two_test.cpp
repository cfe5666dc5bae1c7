#include "node-firmware/player_two.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>

#include "node-firmware/player_gst.hpp"
#include "tests/support/bad_pcm.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/opus_files.hpp"
#include "tests/support/temp_folder.hpp"

// Two sound devices, each with its own faults: what one of them does must not be heard on the other.

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
using node::Millis;
using node::SteadyTime;
using node::TrackEnd;

namespace {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }
double ms(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

/// A stretch of sound without a hole of 5 ms in it.
struct Stretch {
  SteadyTime from, to;
};

std::vector<Stretch> stretches(const BadPcm& device, SteadyTime since) {
  std::vector<Stretch> all;
  for (const auto& stream : device.heard()) {
    const auto time_of = [&](std::size_t frame) { return stream.first + std::chrono::nanoseconds(static_cast<std::int64_t>(frame) * 1'000'000'000 / stream.rate); };
    std::size_t last = 0;
    bool open = false;
    for (std::size_t i = 0; i < stream.samples.size(); ++i) {
      if (std::abs(stream.samples[i]) <= 500) continue;
      if (!open || i - last > 240) all.push_back({time_of(i), {}});
      open = true;
      last = i;
      all.back().to = time_of(i);
    }
  }
  std::erase_if(all, [since](const auto& one) { return one.from < since; });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  return all;
}

/// alsa-lib reads its configuration once a process.
struct Cards {
  TempFolder folder;
  BadPcm poles{folder / "poles"}, radio{folder / "radio"};
  Cards() {
    std::ofstream conf(folder / "asound.conf");
    conf << fmt::format("pcm_type.bad {{ lib \"{}\" }}\n", LOA_BAD_PCM);
    for (const char* name : {"poles", "radio"}) conf << fmt::format("pcm.{} {{ type bad folder \"{}\" }}\n", name, (folder / name).string());
    conf.close();
    ::setenv("ALSA_CONFIG_PATH", (folder / "asound.conf").c_str(), 1);
    make_opus(folder / "clip.opus", 6000);
  }
};

Cards& cards() {
  static Cards all;
  return all;
}

struct Board {
  BadPcm& poles = cards().poles;
  BadPcm& radio = cards().radio;
  SteadyTime since = steady_now();
  boost::asio::io_context loop;
  protocol::SystemClock clock;
  std::map<node::TrackId, node::TrackEnded> ended;
  std::map<node::TrackId, SteadyTime> started;
  std::unique_ptr<node::Player> player;

  Board() {
    poles.fault("");
    radio.fault("");
  }
  ~Board() {
    poles.fault("");
    radio.fault("");
  }
  void make() {
    const auto maker = [this](const char* device) -> node::MakePlayer {
      node::PlayerSettings settings;
      settings.device = device;
      settings.stall_limit = 1000ms;
      return [this, settings](boost::asio::any_io_executor executor, node::PlayerEvents events) { return node::make_gst_player(executor, clock, settings, std::move(events)); };
    };
    player = node::make_player_on_two(loop.get_executor(),
                                      {[](node::TrackId) {}, [this](const node::TrackStarted& s) { started[s.track] = s.at; },
                                       [this](const node::TrackEnded& e) { ended[e.track] = e; }},
                                      maker("poles"), maker("radio"));
  }
  /// Begins the clip at `offset`, and says when it is due.
  SteadyTime play(node::TrackId id, Millis length, std::chrono::milliseconds ahead = 800ms, Millis offset = 0ms) {
    node::Track track;
    track.id = id;
    track.file = cards().folder / "clip.opus";
    track.offset = offset;
    track.length = length;
    const auto due = steady_now() + ahead;
    player->prepare(track);
    player->start_at(id, due);
    return due;
  }
  bool until(const std::function<bool()>& done) { return run_until(loop, done, 12s); }
  void pass(std::chrono::milliseconds time) {
    run_until(loop, [] { return false; }, time);
  }
  void pass_until(SteadyTime time) { pass(std::chrono::ceil<std::chrono::milliseconds>(time - steady_now())); }
  /// What was heard, once the device is closed.
  std::vector<Stretch> heard(BadPcm& device) {
    player.reset();
    return stretches(device, since);
  }
};

/// The whole sound on the main output, as if there were no other.
void check_whole(Board& board, node::TrackId id, SteadyTime due, Millis length) {
  REQUIRE(board.until([&] { return board.ended.contains(id); }));
  CHECK(board.ended.at(id).how == TrackEnd::finished);
  CHECK(board.ended.at(id).heard == length);
  const auto heard = board.heard(board.poles);
  REQUIRE(heard.size() == 1);
  CHECK(std::abs(ms(heard[0].from - due)) < 5);
  CHECK(ms(heard[0].to - heard[0].from) == Approx(static_cast<double>(length.count())).margin(12));
}

/// What the second output does to itself.
struct Fault {
  const char* name;
  const char* before;        ///< its fault before anything is told
  const char* during = "";   ///< from a second into the sound
  bool heals = false;        ///< and is well 0.7 s later
  double least = 0;          ///< ms that are heard on it
};

void check_second_fails(const Fault& row) {
  Board board;
  board.radio.fault(row.before);
  board.make();
  const auto due = board.play(1, 5000ms);
  board.pass_until(due + 1s);
  if (row.during[0] != '\0') board.radio.fault(row.during);
  board.pass(700ms);
  if (row.heals) board.radio.fault("");
  REQUIRE(board.until([&] { return board.ended.contains(1); }));
  const auto end = steady_now();
  board.player.reset();
  CHECK(steady_now() - end < 3s);
  check_whole(board, 1, due, 5000ms);
  double heard = 0;
  const auto second = stretches(board.radio, board.since);
  for (const auto& one : second) heard += ms(one.to - one.from);
  CHECK(heard >= row.least);
  if (!row.heals) return;
  REQUIRE_FALSE(second.empty());
  CHECK(std::abs(ms(second.back().to - due) - 5000) < 40);  // it came back to where the sound was
}

}  // namespace

TEST_CASE("both outputs sound the same clip at the same time") {
  Board board;
  board.make();
  const auto due = board.play(1, 2000ms);
  check_whole(board, 1, due, 2000ms);
  const auto second = stretches(board.radio, board.since);
  REQUIRE(second.size() == 1);
  const auto main = stretches(board.poles, board.since);
  CHECK(std::abs(ms(second[0].from - main[0].from)) < 5);
  CHECK(ms(second[0].to - second[0].from) == Approx(2000).margin(12));
  UNSCOPED_INFO("second output after the main one: " << ms(second[0].from - main[0].from) << " ms; after the due time: " << ms(second[0].from - due) << " ms");
}

TEST_CASE("whatever the second output does, the main one is heard from its first to its last sample") {
  const auto row = GENERATE(Fault{"it vanishes and comes back", "", "vanish", true, 2000}, Fault{"it stands still", "", "block", false, 700},
                            Fault{"it cannot be opened, and does not say so", "hang"});
  DYNAMIC_SECTION(row.name) { check_second_fails(row); }
}

TEST_CASE("whatever else the second output does, the main one is heard from its first to its last sample", "[long]") {
  const auto row = GENERATE(Fault{"it is not there", "vanish"}, Fault{"it is busy at the start, and free later", "busy", "", true, 1000},
                            Fault{"it vanishes", "", "vanish", false, 700}, Fault{"it underruns", "", "underrun", false, 3000},
                            Fault{"it hangs, and then is well", "hang", "", true, 1000});
  DYNAMIC_SECTION(row.name) { check_second_fails(row); }
}

TEST_CASE("where the main device vanishes the second goes on without a hole, and the main one comes back to it") {
  Board board;
  board.make();
  const auto due = board.play(1, 5500ms);
  board.pass_until(due + 1s);
  board.poles.fault("vanish");
  REQUIRE(board.until([&] { return board.ended.contains(1); }));
  CHECK(board.ended.at(1).fault == node::TrackFault::device);
  // As the conductor does it: two seconds later the rest, as often as it fails.
  for (node::TrackId id = 2; id <= 3; ++id) {
    board.pass(1300ms);
    if (id == 3) board.poles.fault("");
    const auto over = std::chrono::duration_cast<Millis>(steady_now() + 300ms - due);
    board.play(id, 5500ms - over, 300ms, over);
    if (id == 2) REQUIRE(board.until([&] { return board.ended.contains(2); }));
  }
  REQUIRE(board.until([&] { return board.ended.contains(3); }));
  CHECK(board.ended.at(3).how == TrackEnd::finished);
  board.pass(300ms);
  const auto second = board.heard(board.radio);
  for (const auto& one : second) UNSCOPED_INFO("second output: " << ms(one.from - due) << " to " << ms(one.to - due) << " ms");
  REQUIRE(second.size() == 1);
  CHECK(std::abs(ms(second[0].from - due)) < 5);
  CHECK(ms(second[0].to - due) == Approx(5500).margin(15));
  const auto main = stretches(board.poles, board.since);
  for (const auto& one : main) UNSCOPED_INFO("main output: " << ms(one.from - due) << " to " << ms(one.to - due) << " ms");
  REQUIRE(main.size() == 2);
  CHECK(std::abs(ms(main[1].to - due) - 5500) < 15);
}

TEST_CASE("where the main device is not there at all the second sounds, late by what its own start takes") {
  Board board;
  board.poles.fault("vanish");
  board.make();
  const auto due = board.play(1, 3000ms, 100ms);
  REQUIRE(board.until([&] { return board.ended.contains(1); }));
  board.pass(2500ms);
  const auto second = board.heard(board.radio);
  REQUIRE(second.size() == 1);
  CHECK(ms(second[0].from - due) < 600);
}
