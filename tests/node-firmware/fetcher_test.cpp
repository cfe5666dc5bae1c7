#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "node-firmware/fetcher.hpp"
#include "node-firmware/file_hash.hpp"
#include "tests/support/fake_downloader.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::DownloadEnd;
namespace fs = std::filesystem;

namespace {

const std::string kA(64, 'a'), kB(64, 'b');

node::WantedClip wanted(const std::string& sha256, std::int64_t at, std::int64_t bytes = 100) {
  return {sha256, bytes, scheduler::from_ms(at)};
}

struct Bench {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  node::DiskHealth disk{folder.path(), [] { return std::chrono::nanoseconds(0); }};
  node::Cache cache{node::CacheSettings{folder / "clips", {}, 10000}, disk};
  tests::FakeDownloader downloader;
  std::vector<std::string> held;
  std::vector<std::string> failed;  ///< "sha256 reason"
  std::vector<std::string> bases{"https://one:1", "https://two:2"};
  node::FetcherSettings settings{4096, 20ms, 60ms, 2};
  std::unique_ptr<node::Fetcher> fetcher;

  Bench() { make(); }
  void make() {
    fetcher = std::make_unique<node::Fetcher>(
        loop.get_executor(), cache, downloader, settings,
        node::FetcherEvents{[this](auto& sha256) { held.push_back(sha256); },
                            [this](auto& sha256, auto& reason, auto&) { failed.push_back(sha256 + " " + reason); }});
  }
  /// The running transfer ends well with bytes of that hash.
  void complete(const std::string& sha256) {
    std::ofstream(downloader.asked.back().part) << std::string(100, 'x');
    downloader.answer({DownloadEnd::complete, sha256, {}});
  }
  std::string url() const { return downloader.asked.back().url; }
};

std::string url_of(const std::string& base, const std::string& sha256) { return base + "/media/" + sha256 + ".opus"; }

}  // namespace

TEST_CASE("the nearest occurrence's clip comes first and what is held is not fetched") {
  Bench bench;
  bench.fetcher->want({wanted(kB, 20), wanted(kA, 10)}, bench.bases);
  CHECK(bench.url() == url_of("https://one:1", kA));
  CHECK(bench.downloader.asked.back().bytes == 100);
  bench.complete(kA);
  CHECK(bench.held == std::vector{kA});
  CHECK(bench.cache.playable(kA));
  CHECK(bench.url() == url_of("https://one:1", kB));
  bench.complete(kB);
  bench.fetcher->want({wanted(kB, 20), wanted(kA, 10)}, bench.bases);
  CHECK(bench.downloader.asked.size() == 2);
}

TEST_CASE("a nearer clip takes the place of a running one, which comes back after it") {
  Bench bench;
  bench.fetcher->want({wanted(kB, 20)}, bench.bases);
  bench.fetcher->want({wanted(kB, 20), wanted(kA, 10)}, bench.bases);
  CHECK(bench.downloader.cancelled == 1);
  CHECK(bench.url() == url_of("https://one:1", kA));
  bench.complete(kA);
  CHECK(bench.url() == url_of("https://one:1", kB));
}

TEST_CASE("what is no longer wanted is given up") {
  Bench bench;
  bench.fetcher->want({wanted(kA, 10)}, bench.bases);
  bench.fetcher->want({}, bench.bases);
  CHECK(bench.downloader.cancelled == 1);
  CHECK_FALSE(bench.downloader.busy());
}

TEST_CASE("every address is asked in order before the wait, then again") {
  Bench bench;
  bench.fetcher->want({wanted(kA, 10)}, bench.bases);
  bench.downloader.answer({DownloadEnd::network, {}, "cut"});
  CHECK(bench.url() == url_of("https://two:2", kA));
  bench.downloader.answer({DownloadEnd::network, {}, "cut"});
  CHECK_FALSE(bench.downloader.busy());
  REQUIRE(tests::run_until(bench.loop, [&] { return bench.downloader.busy(); }));
  CHECK(bench.url() == url_of("https://one:1", kA));
  CHECK(bench.failed.empty());  // a network that is away says nothing about the clip
}

TEST_CASE("the wait ends when the network is said to be back") {
  Bench bench;
  bench.settings.backoff_first = bench.settings.backoff_last = 1h;
  bench.make();
  bench.fetcher->want({wanted(kA, 10)}, {"https://one:1"});
  bench.downloader.answer({DownloadEnd::network, {}, "cut"});
  CHECK_FALSE(bench.downloader.busy());
  bench.fetcher->retry_now();
  CHECK(bench.downloader.busy());
}

TEST_CASE("wrong bytes are fetched again, and twice wrong is failed: hash") {
  Bench bench;
  bench.fetcher->want({wanted(kA, 10)}, bench.bases);
  bench.complete(kB);
  CHECK(bench.failed.empty());
  REQUIRE(bench.downloader.busy());
  CHECK(bench.url() == url_of("https://two:2", kA));
  CHECK_FALSE(fs::exists(bench.cache.part(kA)));
  bench.complete(kB);
  CHECK(bench.failed == std::vector{kA + " hash"});
  CHECK(bench.fetcher->reason(kA) == "hash");
  CHECK_FALSE(bench.cache.playable(kA));
  CHECK_FALSE(bench.downloader.busy());
  REQUIRE(tests::run_until(bench.loop, [&] { return bench.downloader.busy(); }));
  bench.complete(kA);
  CHECK(bench.held == std::vector{kA});
  CHECK(bench.failed.size() == 1);
}

TEST_CASE("an end that speaks about the clip is said once, after every address said it") {
  struct Row {
    DownloadEnd end;
    const char* reason;
  };
  const auto row = GENERATE(Row{DownloadEnd::not_found, "not_found"}, Row{DownloadEnd::refused, "refused"},
                            Row{DownloadEnd::wrong_size, "size"});
  Bench bench;
  bench.fetcher->want({wanted(kA, 10)}, bench.bases);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(tests::run_until(bench.loop, [&] { return bench.downloader.busy(); }));
    bench.downloader.answer({row.end, {}, "x"});
    REQUIRE(bench.downloader.busy());
    bench.downloader.answer({row.end, {}, "x"});
  }
  CHECK(bench.failed == std::vector{kA + " " + row.reason});
}

TEST_CASE("a clip for which there is no room is said, and the next one fetched") {
  Bench bench;
  bench.fetcher->want({wanted(kA, 10, 1'000'000), wanted(kB, 20)}, bench.bases);
  CHECK(bench.failed == std::vector{kA + " no_room"});
  CHECK(bench.url() == url_of("https://one:1", kB));
}

TEST_CASE("of too long a list the farthest are left") {
  Bench bench;
  bench.settings.most_wanted = 1;
  bench.make();
  bench.fetcher->want({wanted(kB, 20), wanted(kA, 10)}, bench.bases);
  bench.complete(kA);
  CHECK_FALSE(bench.downloader.busy());
}

TEST_CASE("TLS dates are asked for at each transfer") {
  Bench bench;
  bench.fetcher->set_tls_time([] { return node::TlsTime{false, {}}; });
  bench.fetcher->want({wanted(kA, 10)}, bench.bases);
  CHECK_FALSE(bench.downloader.asked.back().tls.check);
}

TEST_CASE("what is due after the horizon waits, stays wanted, and is fetched when the horizon moves") {
  Bench bench;
  bench.fetcher->fetch_until(scheduler::from_ms(15));
  bench.fetcher->want({wanted(kB, 20), wanted(kA, 10)}, bench.bases);
  CHECK(bench.url() == url_of("https://one:1", kA));
  bench.complete(kA);
  CHECK_FALSE(bench.downloader.busy());
  CHECK(bench.cache.report().wanted == 2);
  bench.fetcher->fetch_until(scheduler::from_ms(20));
  CHECK(bench.url() == url_of("https://one:1", kB));
  bench.fetcher->fetch_until(scheduler::from_ms(19));  // a running one waits too
  CHECK(bench.downloader.cancelled == 1);
  CHECK_FALSE(bench.downloader.busy());
  bench.fetcher->fetch_until({});
  bench.complete(kB);
  CHECK(bench.held == std::vector{kA, kB});
}

TEST_CASE("an alert's clip and stock clips are before every horizon") {
  Bench bench;
  bench.fetcher->fetch_until(scheduler::from_ms(15));
  bench.fetcher->want({{kA, 100, scheduler::TimePoint{}}, wanted(kB, 14)}, bench.bases);  // as wanted_clips names them
  bench.complete(kA);
  bench.complete(kB);
  CHECK(bench.held.size() == 2);
}
