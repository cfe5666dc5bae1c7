#include <fmt/format.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tests/faults/device_board.hpp"
#include "tests/faults/world.hpp"
#include "tests/support/places.hpp"

// Wrong bytes on the node's disk: in clips, and in everything else that it keeps.
namespace loa::tests {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Heard = Expect::Heard;

namespace {

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Writes other bytes in place, as a bad cell of flash does: same file, same times.
void spoil(const fs::path& file, const std::string& bytes, bool keep_times) {
  struct stat info {};
  ::stat(file.c_str(), &info);
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  const timespec times[2] = {info.st_atim, info.st_mtim};
  if (keep_times) ::utimensat(AT_FDCWD, file.c_str(), times, 0);
}

std::vector<fs::path> clips(World& world, const std::string& code) {
  std::vector<fs::path> found;
  for (const auto& file : fs::directory_iterator(world.state(code) / "clips"))
    if (file.path().extension() == ".opus") found.push_back(file.path());
  return found;
}

/// Something happens to the clip on the board while nothing is due; it must be found out and fetched again before it is needed.
void clip(World& world, Case& test, bool restarted, const std::function<void(const fs::path&)>& harm) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', restarted ? 9 : 10);
  if (restarted) world.node(code).kill();
  for (const auto& file : clips(world, code)) harm(file);
  if (restarted) world.start(code);
  world.judge(test, code, play);
}

void truncate(const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }

void flip(const fs::path& file, bool keep_times) {
  auto bytes = content(file);
  for (std::size_t at = bytes.size() / 3; at < bytes.size(); at += 97) bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
  spoil(file, bytes, keep_times);
}

void swapped(World& world, Case& test) {
  const auto code = world.board();
  const auto first = world.plan(code, 'A', 9);
  world.plan(code, 'B', 300);  // long after the row: it is fetched, not heard
  world.node(code).kill();
  const auto files = clips(world, code);
  if (files.size() < 2) throw std::runtime_error("fewer than two clips on the board");
  fs::rename(files[0], files[0].string() + ".x");
  fs::rename(files[1], files[0]);
  fs::rename(files[0].string() + ".x", files[1]);
  world.start(code);
  world.judge(test, code, first);
}

// One page of Ogg (RFC 3533): its checksum over everything with the checksum's place zero.
void seal(std::string& page) {
  std::memset(&page[22], 0, 4);
  std::uint32_t crc = 0;
  for (const char c : page) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 0x80000000U ? crc << 1 ^ 0x04c11db7U : crc << 1;
  }
  for (int i = 0; i < 4; ++i) page[22 + static_cast<std::size_t>(i)] = static_cast<char>(crc >> (8 * i));
}

/// The same file whose sound comes again and again, while its pages say that no time passes.
std::string endless(const std::string& opus, int times) {
  std::vector<std::string> pages;
  for (std::size_t at = 0; at + 27 < opus.size();) {
    const auto segments = static_cast<unsigned char>(opus[at + 26]);
    std::size_t size = 27U + segments;
    for (unsigned i = 0; i < segments; ++i) size += static_cast<unsigned char>(opus[at + 27 + i]);
    pages.push_back(opus.substr(at, size));
    at += size;
  }
  if (pages.size() < 3) throw std::runtime_error("no Ogg/Opus");
  const auto last = pages.back();
  std::string out = pages[0] + pages[1];
  std::uint32_t number = 2;
  for (int time = 0; time < times; ++time)
    for (std::size_t i = 2; i < pages.size(); ++i) {
      auto page = pages[i];
      page[5] = 0;
      std::memcpy(&page[6], &last[6], 8);
      for (int byte = 0; byte < 4; ++byte) page[18 + static_cast<std::size_t>(byte)] = static_cast<char>(number >> (8 * byte));
      ++number;
      seal(page);
      out += page;
    }
  return out;
}

void endless_clip(World& world, Case& test) {
  const auto code = world.board();
  const auto stock = world.village().node_folder(code) / "stock";
  fs::copy(source_folder() / "config/stock", stock, fs::copy_options::recursive);
  std::ofstream(stock / "flood.opus", std::ios::binary) << endless(content(source_folder() / "config/stock/flood.opus"), 200);
  auto settings = content(world.village().node_folder(code) / "node.toml");
  const auto from = settings.find("stock_folder = \""), to = settings.find("\"\n", from);
  settings.replace(from, to - from, "stock_folder = \"" + stock.string());
  std::ofstream(world.village().node_folder(code) / "node.toml") << settings;
  world.node(code).kill();
  world.start(code);
  world.must_be_ready(test, code, 20s);
  const auto begun = utc_now();
  const auto play = world.plan(code, 'A', 30);
  world.alert({{"minutes", 5}});
  wait_until(play.due - 1);
  world.must_sound(test, code, begun, 0s, 3);
  const auto sounds = world.hear(code, begun);
  test.check(total(sounds) < 20, fmt::format("the alert sounded for {:.1f} s", total(sounds)));
  world.judge(test, code, play);
}

/// Kept things that are spoilt while the node is off: it starts, says so, and plays.
void kept(World& world, Case& test, const std::string& name, const std::string& says, bool with_copy = false, int ahead = 10) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', ahead);
  world.node(code).kill();
  for (const auto& file : {name, name + ".copy"}) {
    const auto path = world.state(code) / file;
    if (!fs::exists(path) || (file != name && !with_copy)) continue;
    auto bytes = content(path);
    for (std::size_t at = 0; at < bytes.size(); at += 7) bytes[at] = static_cast<char>(bytes[at] ^ 0x15);
    spoil(path, bytes, true);
  }
  if (name == "node.db") fs::remove(world.state(code) / "node.db-wal");
  world.start(code);
  world.judge(test, code, play, {.record_limit = 60s});
  if (!says.empty()) world.must_say(test, code, says);
}

// Without marks it does not know the time until a head comes, and would date its WAV by a guess: heard by a sound device.
void marks(World& world, Case& test) {
  DeviceBoard board(world);
  board.start();
  const auto play = world.plan(board.code, 'A', 10);
  world.node(board.code).kill();
  const auto file = world.state(board.code) / "marks.json";
  spoil(file, std::string(fs::file_size(file), 'x'), true);
  board.start();
  board.judge(test, play, {.record_limit = 60s});
  world.must_say(test, board.code, "damaged");
}

void alert_file(World& world, Case& test) {
  const auto code = world.board();
  auto begun = utc_now();
  world.alert({{"repeats", 10}, {"repeat_every_s", 18}});
  world.must_sound(test, code, begun, 10s, 3);
  world.node(code).kill();
  for (const auto& file : fs::directory_iterator(world.state(code) / "alerts")) spoil(file.path(), std::string(fs::file_size(file.path()), 'x'), true);
  world.start(code);
  begun = utc_now();
  world.must_sound(test, code, begun, 25s, 3);
  world.must_say(test, code, "refused loa-alert");
}

// After it has played: whatever is lost, it must not sound again.
void history_lost(World& world, Case& test, const std::string& what) {
  const auto code = world.board();
  const auto play = world.plan(code, 'A', 6, {{"late", "join"}});
  wait_until(play.due + 3);
  world.node(code).kill();
  for (const auto& file : fs::directory_iterator(world.state(code)))
    if (file.path().filename().string().starts_with("node.db")) {
      if (what == "gone") fs::remove(file.path());
      else if (what == "torn" && file.path().extension() == ".db-wal") fs::resize_file(file.path(), fs::file_size(file.path()) * 2 / 3);
      else if (what == "spoilt" && file.path().extension() == ".db") spoil(file.path(), std::string(4096, 'x'), true);
    }
  world.start(code);
  const Expect expect{.heard = Heard::in_part, .least = 2.5, .outcomes = {"partial", "skipped"}, .record_limit = 40s};
  // With its history it knows what it has played; without, it may be silent, but not begin again.
  wait_until(play.due + kClipSeconds + 1);
  const auto sounds = world.hear(code, play.due - 2);
  world.judge_sound(test, sounds, play, expect);
  const auto found = [&] { return world.records(code, play); };
  eventually(40s, [&] { return !found().empty(); });
  test.check(found().size() == 1, fmt::format("the controller has {} records of it", found().size()));
  for (const auto& record : found()) test.log("record: " + text(record, "outcome") + " " + text(record, "reason"));
}

void history_lost_after(World& world, Case& test) {
  const auto code = world.board();
  const auto play = world.plan(code);
  must_come(test, 30s, "the record", [&] { return world.records(code, play).size() == 1; });
  world.node(code).kill();
  for (const char* name : {"node.db", "node.db-wal", "node.db-shm"}) fs::remove(world.state(code) / name);
  world.start(code);
  world.must_be_ready(test, code, 20s);
  let_pass(2s);  // long enough to begin again
  world.judge(test, code, play, {.record = false});
  // What was told stays, and is the outcome; the log that begins anew says only that it does not know.
  int played = 0, forgotten = 0;
  const auto found = world.records(code, play);
  for (const auto& record : found) {
    const auto outcome = text(record, "outcome"), reason = text(record, "reason");
    test.log("record: " + outcome + " " + reason);
    if (outcome == "played") ++played;
    if (outcome == "skipped" && reason == "history_lost") ++forgotten;
  }
  test.check(played == 1, fmt::format("{} records say that it was played", played));
  test.check(static_cast<std::size_t>(played + forgotten) == found.size() && forgotten <= 1, "another record says something else");
}

}  // namespace

std::vector<FaultRow> bytes_rows() {
  const std::string whole = "the whole clip, on time";
  const auto row = [](const std::string& name, const char* fault, const std::string& heard, const char* log, std::function<void(World&, Case&)> run, bool ordinary = false) {
    return FaultRow{"bytes." + name, fault, heard, log, ordinary, std::move(run)};
  };
  const auto spoilt = [&row, &whole](const std::string& name, const char* fault, const char* file, const char* says, bool copy = false) {
    return row(name, fault, whole, says[0] ? says : "one record", [=](World& w, Case& t) { kept(w, t, file, says, copy); });
  };
  return {
      row("clip-truncated", "a fetched clip is cut in half while the node runs", whole, "one record", [](World& w, Case& t) { clip(w, t, false, truncate); }),
      row("clip-truncated-off", "a fetched clip is cut in half while the node is off", whole, "one record", [](World& w, Case& t) { clip(w, t, true, truncate); }),
      row("clip-flipped", "bits of a fetched clip flip, and its times change", whole, "one record",
          [](World& w, Case& t) { clip(w, t, false, [](const fs::path& file) { flip(file, false); }); }),
      row("clip-flipped-at-rest", "bits of a fetched clip flip on the flash, and nothing else changes", whole, "one record",
          [](World& w, Case& t) { clip(w, t, true, [](const fs::path& file) { flip(file, true); }); }, true),
      row("clips-swapped", "two fetched clips have each other's names", "the right clip, on time", "one record", swapped),
      row("clip-removed", "a fetched clip is removed while the node runs", whole, "one record", [](World& w, Case& t) { clip(w, t, false, [](const fs::path& f) { fs::remove(f); }); }),
      row("clip-endless", "a stock clip whose decoding takes for ever", "the alert, bounded; the next clip whole, on time", "one record", endless_clip),
      spoilt("plan", "the kept plan is spoilt while the node is off", "plan.jws", ""),
      row("marks", "the marks of revisions and times are spoilt", whole, "damaged; one record", marks),
      spoilt("keys", "the kept key set is spoilt", "keys.jws", ""),
      spoilt("own-keys", "the node's own keys are spoilt, their copy not", "own-keys.json", "damaged"),
      spoilt("bundle", "the kept bundle is spoilt, its copy not", "bundle.json", "damaged"),
      spoilt("cache-index", "the cache's proofs are spoilt", "clips/verified.json", ""),
      row("database", "the database is spoilt while the node is off", whole, "damaged; one record", [](World& w, Case& t) { kept(w, t, "node.db", "damaged"); }, true),
      row("alert-file", "the kept alert is spoilt while the node is off", "the alert again", "refused loa-alert", alert_file),
      row("history-gone", "the node is killed in mid-play and its database is gone", "nothing twice", "one record", [](World& w, Case& t) { history_lost(w, t, "gone"); }),
      row("history-spoilt", "the node is killed in mid-play and its database is spoilt", "nothing twice", "one record", [](World& w, Case& t) { history_lost(w, t, "spoilt"); }),
      row("history-torn", "the node is killed in mid-play and the end of its write-ahead log is gone", "nothing twice", "one record", [](World& w, Case& t) { history_lost(w, t, "torn"); }),
      row("history-gone-after", "the database is gone after all was played and told", "the clip once, not again", "one record: played; the new log at most: skipped, history_lost", history_lost_after),
  };
}

}  // namespace loa::tests
