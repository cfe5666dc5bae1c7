#include "controller/media/jobs.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/controller/media/sounds.hpp"

using namespace loa::media;
using namespace loa::media::testing;
using namespace std::chrono_literals;

namespace {

/// Jobs around a pretended transcoder that waits until a file named "go" appears beside it, at most 20 s.
struct Bench {
  loa::tests::TempFolder folder;
  ClipStore store{folder / "clips"};
  loa::tts::Registry synthesizers;
  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(loop);
  std::vector<std::string> news;
  std::unique_ptr<Jobs> jobs;

  explicit Bench(Jobs::Bounds bounds = {}) {
    MediaSettings settings;
    settings.transcoder =
        write_bytes(folder / "pretend",
                    "#!/bin/sh\necho '{\"progress\":40}'\n"
                    "for i in $(seq 400); do [ -e " +
                        (folder / "go").string() +
                        " ] && break; sleep 0.05; done\n"
                        "echo '{\"code\":\"not_audio\",\"message\":\"pretended\"}'; exit 2\n");
    std::filesystem::permissions(settings.transcoder, std::filesystem::perms::owner_all);
    settings.limits.wall = 30s;
    jobs = std::make_unique<Jobs>(loop.get_executor(), store, synthesizers, settings, bounds);
  }
  void go() { write_bytes(folder / "go", ""); }
  std::filesystem::path upload() { return write_bytes(store.work_file(""), "x"); }
  std::optional<Problem> start(const std::string& id, bool urgent = false) {
    return jobs->start(
        {.id = id,
         .source = Upload{upload()},
         .on_progress = [this, id](int percent) { news.push_back(id + " " + std::to_string(percent)); },
         .on_done = [this, id](Result<Clip> clip) { news.push_back(id + " " + clip.error().code); },
         .urgent = urgent});
  }
  /// Runs the loop until that many news have come.
  bool wait_for(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + 25s;
    while (news.size() < count && std::chrono::steady_clock::now() < end) loop.run_one_for(1s);
    return news.size() >= count;
  }
};

}  // namespace

TEST_CASE("jobs run one after the other and tell progress and end on the loop") {
  Bench bench;
  CHECK_FALSE(bench.start("j-1"));
  CHECK_FALSE(bench.start("j-2"));
  CHECK(bench.jobs->find("j-1")->phase == JobState::Phase::running);
  CHECK(bench.jobs->find("j-2")->phase == JobState::Phase::waiting);
  CHECK(bench.jobs->find("j-2")->ahead == 1);
  CHECK_FALSE(bench.jobs->find("j-3"));
  REQUIRE(bench.wait_for(1));
  CHECK(bench.jobs->find("j-1")->percent == 40);
  bench.go();
  REQUIRE(bench.wait_for(4));
  CHECK(bench.news == std::vector<std::string>{"j-1 40", "j-1 not_audio", "j-2 40", "j-2 not_audio"});
  CHECK_FALSE(bench.jobs->find("j-1"));
}

TEST_CASE("a full queue refuses without calling back") {
  Bench bench({.at_once = 1, .waiting = 1});
  CHECK_FALSE(bench.start("j-1"));
  CHECK_FALSE(bench.start("j-2"));
  const auto refused = bench.start("j-3");
  REQUIRE(refused);
  CHECK(refused->code == "queue_full");
  CHECK_FALSE(bench.jobs->find("j-3"));
}

TEST_CASE("an urgent job waits neither for what runs nor for what waits, and a full queue does not refuse it") {
  Bench bench({.at_once = 1, .urgent_at_once = 1, .waiting = 1});
  bench.start("j-bulk");
  bench.start("j-more");
  REQUIRE(bench.start("j-refused"));
  CHECK_FALSE(bench.start("j-alert", true));
  CHECK(bench.jobs->find("j-alert")->phase == JobState::Phase::running);
  CHECK(bench.jobs->find("j-bulk")->phase == JobState::Phase::running);
  CHECK_FALSE(bench.start("j-second", true));
  CHECK(bench.jobs->find("j-second")->phase == JobState::Phase::waiting);
  CHECK(bench.jobs->find("j-second")->ahead < bench.jobs->find("j-more")->ahead);
  CHECK(bench.start("j-third", true)->code == "queue_full");
  bench.go();
  REQUIRE(bench.wait_for(8));
  CHECK(bench.jobs->running() == 0);
}

TEST_CASE("a running and a waiting job can be cancelled") {
  Bench bench;
  bench.start("j-1");
  bench.start("j-2");
  CHECK(bench.jobs->cancel("j-2"));
  CHECK(bench.news.empty());
  REQUIRE(bench.wait_for(2));
  CHECK(bench.jobs->cancel("j-1"));
  REQUIRE(bench.wait_for(3));
  std::sort(bench.news.begin(), bench.news.end());
  CHECK(bench.news == std::vector<std::string>{"j-1 40", "j-1 cancelled", "j-2 cancelled"});
  CHECK_FALSE(bench.jobs->cancel("j-1"));
  CHECK(std::filesystem::is_empty(bench.store.root() / "tmp"));
}

TEST_CASE("jobs that go away end their children and call nobody") {
  Bench bench;
  bench.start("j-1");
  bench.start("j-2");
  const auto began = std::chrono::steady_clock::now();
  bench.jobs.reset();
  CHECK(std::chrono::steady_clock::now() - began < 10s);
  bench.loop.poll();
  CHECK(bench.news.empty());
}

TEST_CASE("two jobs of one id are a bug") {
  Bench bench;
  bench.start("j-1");
  CHECK_THROWS_AS(bench.start("j-1"), std::logic_error);
}
