#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>
#include <thread>

#include "node-firmware/log_squeezer.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::LogSqueezer;

namespace {

struct Log {
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  std::size_t count(const std::string& part) const {
    const auto all = lines();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& line) { return line.find(part) != std::string::npos; }));
  }
  std::ostringstream out;
  std::chrono::nanoseconds now{};
  std::shared_ptr<LogSqueezer> sink =
      std::make_shared<LogSqueezer>(std::make_shared<spdlog::sinks::ostream_sink_st>(out), [this] { return now; });
  spdlog::logger log{"", sink};
  Log() { log.set_pattern("%l %v"); }
};

}  // namespace

TEST_CASE("of lines of one kind ten a minute pass, and the rest is counted in one line once the minute is over") {
  Log log;
  for (int n = 0; n < 70; ++n) {
    log.log.warn("clip {}: hash: {} bytes", n, n * 7);
    log.now += 500ms;
  }
  CHECK(log.count("warning clip") == LogSqueezer::kMost);
  CHECK(log.count("more lines") == 0);
  CHECK(log.lines().front() == "warning clip 0: hash: 0 bytes");
  log.now += 30s;
  SECTION("said by the next line") { log.log.info("another"); }
  SECTION("or by a look") { log.log.flush(); }
  CHECK(log.count("warning 60 more lines like this one: clip 69: hash: 483 bytes") == 1);
  for (int n = 0; n < 5; ++n) log.log.warn("clip {}: hash: {} bytes", n, n);
  CHECK(log.count("warning clip") == LogSqueezer::kMost + 5);
}

TEST_CASE("a flood of one kind hides no line of another, nor of another level") {
  Log log;
  for (int n = 0; n < 1000; ++n) log.log.warn("refused loa-plan n-one: bad_signature: {}", n);
  log.log.error("disk: full: marks.json");
  log.log.warn("refused loa-plan n-one: old_revision: 3");
  log.log.error("refused loa-plan n-one: bad_signature: 3");
  CHECK(log.count("bad_signature") == LogSqueezer::kMost + 1);
  CHECK(log.count("disk: full") == 1);
  CHECK(log.count("old_revision") == 1);
}

TEST_CASE("a log with ever new kinds of lines stays bounded in memory, and loses none") {
  Log log;
  for (int n = 0; n < 30; ++n) log.log.warn("first of all");
  std::string word = "a";
  for (int n = 0; n < 1000; ++n) {
    log.log.warn("{} is new", word);
    if (word.back() == 'z')
      word += 'a';
    else
      ++word.back();
    log.now += 1ms;
  }
  CHECK(log.count("is new") == 1000);
  CHECK(log.count("20 more lines like this one: first of all") == 1);  // it had to make room
}

TEST_CASE("lines of many threads are all said or counted") {
  Log log;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&log] {
      for (int line = 0; line < 500; ++line) log.log.info("stream {}: no bytes", line);
    });
  for (auto& thread : threads) thread.join();
  log.now += 2min;
  log.log.flush();
  CHECK(log.count("info stream") == LogSqueezer::kMost);
  CHECK(log.count("info 1990 more lines") == 1);
}

TEST_CASE("what lines have in common is how they begin, numbers aside") {
  using spdlog::level::warn;
  CHECK(node::kind_of(warn, "clip 0a1b: hash: is x") == node::kind_of(warn, "clip 99ff: hash: is y"));
  CHECK(node::kind_of(warn, "clip 0a1b: hash: is x") != node::kind_of(warn, "clip 0a1b: size: is x"));
  CHECK(node::kind_of(warn, "clip") != node::kind_of(spdlog::level::err, "clip"));
  CHECK(node::kind_of(warn, "") == node::kind_of(warn, ""));
  CHECK(node::kind_of(warn, std::string(100'000, 'x')).size() < 200);
}
