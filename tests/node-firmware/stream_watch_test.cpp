#include "node-firmware/stream_watch.hpp"

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "node-firmware/stream_feed.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::Heard;
using node::Millis;
using node::StreamHealth;

namespace {

/// "s20 n3 -12" is 20 s of sound, 3 s of nothing, 12 s of silence; the answer names each change with its second: "0 good, 23 lost".
std::string told(const std::string& course, node::WatchTimes times = {}) {
  node::StreamWatch watch(times);
  std::istringstream in(course);
  std::string part, answer;
  Millis now{0};
  while (in >> part) {
    const auto heard = part[0] == 's' ? Heard::sound : part[0] == 'n' ? Heard::nothing : Heard::silence;
    const Millis until = now + Millis(std::llround(std::stod(part.substr(1)) * 1000));
    for (; now < until; now += 100ms) {
      if (!watch.take(heard, 100ms)) continue;
      const char* words[] = {"opening", "good", "lost", "silent"};
      answer += (answer.empty() ? "" : ", ") + std::to_string(now.count() / 1000) + " " + words[static_cast<int>(watch.health())];
    }
  }
  return answer;
}

std::vector<std::int16_t> tone(std::size_t count, std::int16_t peak = 8000) {
  std::vector<std::int16_t> samples(count);
  for (std::size_t i = 0; i < count; ++i) samples[i] = i / 24 % 2 == 0 ? peak : static_cast<std::int16_t>(-peak);
  return samples;
}

struct Taken {
  std::vector<std::int16_t> samples;
  explicit Taken(node::StreamFeed& feed, std::size_t stretches) : samples(stretches * 960) {
    for (std::size_t i = 0; i < stretches; ++i) feed.take(std::span(samples).subspan(i * 960, 960));
  }
  int loudest(std::size_t from, std::size_t to) const {
    int most = 0;
    for (std::size_t i = from; i < to; ++i) most = std::max(most, std::abs(int{samples[i]}));
    return most;
  }
  int steepest() const {
    int most = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) most = std::max(most, std::abs(samples[i] - samples[i - 1]));
    return most;
  }
};

}  // namespace

TEST_CASE("a stream's health falls late and rises later") {
  struct Row {
    const char* name;
    const char* course;
    const char* told;
  };
  const Row rows[] = {
      {"sound from the first moment", "s60", "0 good"},
      {"nothing ever", "n60", "9 lost"},
      {"sound comes before the patience ends", "n9 s60", "9 good"},
      {"silence ever", "-60", "9 silent"},
      {"a hole that one hears but bears", "s60 n2.5 s60", "0 good"},
      {"a hole too long", "s60 n4 s10", "0 good, 62 lost"},
      {"a pause of a speaker", "s60 -9 s60", "0 good"},
      {"silence too long", "s60 -30", "0 good, 69 silent"},
      {"what comes back must be steady", "s60 n4 s30", "0 good, 62 lost, 83 good"},
      {"a hole begins the wait anew", "s60 n4 s15 n0.5 s30", "0 good, 62 lost, 99 good"},
      {"a speaker's pauses do not", "s60 n4 s8 -2 s8 -2 s8", "0 good, 62 lost, 84 good"},
      {"pauses alone are no proof", "s60 n4 -2 -1 s0.1 -3 n1", "0 good, 62 lost"},
      {"silence in between begins it anew", "s60 n4 s10 -4 s30", "0 good, 62 lost, 97 good"},
      {"a second fall waits twice as long", "s60 n4 s30 n4 s60", "0 good, 62 lost, 83 good, 96 lost, 137 good"},
      {"one that comes and goes every 5 s stays away", "s60 n5 s5 n5 s5 n5 s5 n5 s5 n5 s5 n5 s5 n5 s5", "0 good, 62 lost"},
      {"one that comes and goes every 30 s rises ever more rarely", "s60 n5 s30 n5 s30 n5 s30 n5 s30 n5 s30 n5 s30", "0 good, 62 lost, 84 good, 97 lost"},
      {"silent, then lost, then silent is one fall", "s60 -12 n5 -12 s21", "0 good, 69 silent, 108 good"},
      {"an old fall is forgotten", "s60 n4 s620 s10 n4 s30", "0 good, 62 lost, 83 good, 696 lost, 717 good"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(told(row.course) == row.told);
  }
}

TEST_CASE("no wait grows without end") {
  std::string course = "s60";
  for (int i = 0; i < 8; ++i) course += " n5 s170";
  const auto all = told(course);
  CHECK(all.ends_with("good"));
}

TEST_CASE("a feed gives nothing out before enough is there, then fades in") {
  node::StreamFeed feed;
  feed.put(tone(48 * 2'000));
  feed.play(true);
  const Taken before(feed, 10);
  CHECK(before.loudest(0, before.samples.size()) == 0);
  feed.put(tone(48 * 1'500));
  const Taken after(feed, 10);
  CHECK(after.samples[0] == 0);
  CHECK(after.loudest(0, 24) < 900);
  CHECK(after.loudest(960, 1920) == 8000);
  CHECK(feed.unheard() == 10 * 960);
}

TEST_CASE("a hole in a stream fades out, and does not sound again before a second of it is there") {
  node::StreamFeed feed;
  feed.put(tone(48 * 3'000 + 100));
  feed.play(true);
  const Taken all(feed, 160);
  CHECK(all.loudest(48 * 2'900, 48 * 2'990) == 8000);
  CHECK(std::abs(int{all.samples[48 * 3'000 - 1]}) < 100);
  CHECK(all.loudest(48 * 3'010, all.samples.size()) == 0);
  feed.put(tone(48 * 900));
  CHECK(Taken(feed, 3).loudest(0, 3 * 960) == 0);
  feed.put(tone(48 * 200));
  CHECK(Taken(feed, 3).loudest(960, 3 * 960) == 8000);
}

TEST_CASE("while nobody plays a stream its edge goes on, and a player begins near it") {
  node::StreamFeed feed;
  feed.put(tone(48 * 20'000, 100));
  feed.put(tone(48 * 3'000, 9'000));
  feed.pass(1s);
  CHECK(feed.health() == StreamHealth::good);
  feed.play(true);
  CHECK(Taken(feed, 3).loudest(0, 3 * 960) == 9'000);
  feed.pass(20s);  // a player has it
  CHECK(Taken(feed, 3).loudest(0, 3 * 960) == 9'000);
  CHECK(feed.unheard() == 0);
}

TEST_CASE("what a server sends first of what is past is thrown away while nobody plays, and no more than two minutes of it") {
  node::StreamFeed feed;
  feed.put(tone(48 * 60'000, 100));
  feed.put(tone(48 * 5'000, 9'000));
  feed.play(true);
  CHECK(Taken(feed, 3).loudest(0, 3 * 960) == 9'000);
  feed.play(false);
  feed.pass(100ms);
  feed.put(tone(48 * 3'500, 7'000));
  feed.play(true);
  CHECK(Taken(feed, 3).loudest(0, 3 * 960) == 7'000);
}

TEST_CASE("the silence for which a stream was given up does not count as heard, nor that which follows it") {
  node::StreamFeed feed;
  feed.play(true);
  feed.put(tone(48 * 4'000));
  feed.put(std::vector<std::int16_t>(48 * 12'000));
  Taken(feed, 50 * 13);
  CHECK(feed.health() == StreamHealth::good);
  CHECK(feed.unheard() == 0);
  Taken(feed, 50 * 2);
  CHECK(feed.health() == StreamHealth::silent);
  CHECK(feed.unheard() == 48 * 11'000);  // and what more came of it
  feed.put(tone(48 * 4'000));
  Taken(feed, 50 * 3);
  CHECK(feed.unheard() == 48 * 12'000);  // sound counts, though it is not yet relied upon
}

TEST_CASE("a closed feed gives silence and takes nothing") {
  node::StreamFeed feed;
  feed.put(tone(48 * 4'000));
  feed.play(true);
  feed.close();
  CHECK(Taken(feed, 3).loudest(0, 3 * 960) == 0);
  CHECK_FALSE(feed.put(tone(960)));
}
