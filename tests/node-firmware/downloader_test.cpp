#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "node-firmware/downloader_curl.hpp"
#include "node-firmware/file_hash.hpp"
#include "tests/support/http_server.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::DownloadEnd;
namespace fs = std::filesystem;

namespace {

std::string some_bytes(std::size_t count) {
  std::string bytes(count, ' ');
  unsigned state = 7;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1103515245 + 12345) >> 16);
  return bytes;
}

const std::string kBytes = some_bytes(300'000);

struct Bench {
  tests::TempFolder folder;
  boost::asio::io_context loop;
  node::CurlSettings settings;
  std::unique_ptr<node::Downloader> downloader;
  node::Download download;
  std::optional<node::DownloadResult> result;

  explicit Bench(const std::string& base) {
    settings.plain_http_on_loopback = true;
    settings.low_speed_time = 1s;
    download.url = base + "/media/x.opus";
    download.part = folder / "x.part";
    download.bytes = static_cast<std::int64_t>(kBytes.size());
  }
  node::DownloadResult get() {
    if (!downloader) downloader = node::make_curl_downloader(loop.get_executor(), settings);
    result.reset();
    downloader->start(download, [this](const auto& r) { result = r; });
    REQUIRE(tests::run_until(loop, [&] { return result.has_value(); }));
    return *result;
  }
  std::string part() const {
    std::ifstream in(download.part, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace

TEST_CASE("a file is fetched and its hash told") {
  tests::HttpServer server([](auto&) { return tests::ServerAnswer{200, kBytes}; });
  Bench bench(server.base());
  const auto result = bench.get();
  INFO(result.detail);
  CHECK(result.end == DownloadEnd::complete);
  CHECK(bench.part() == kBytes);
  CHECK(result.sha256 == node::hash_of_file(bench.download.part));
  CHECK(server.requests().at(0).path == "/media/x.opus");
}

TEST_CASE("after a cut the rest is fetched by range") {
  int asked = 0;
  tests::HttpServer server([&](auto&) {
    tests::ServerAnswer answer{200, kBytes};
    if (++asked == 1) answer.cut_after = 100'000;
    return answer;
  });
  Bench bench(server.base());
  CHECK(bench.get().end == DownloadEnd::network);
  CHECK(bench.part().size() == 100'000);
  CHECK(bench.get().end == DownloadEnd::complete);
  CHECK(bench.part() == kBytes);
  REQUIRE(server.requests().size() == 2);
  CHECK(server.requests()[1].range_from == 100'000u);
}

TEST_CASE("a server without ranges sends it all again") {
  tests::HttpServer server([](auto&) { return tests::ServerAnswer{200, kBytes, false}; });
  Bench bench(server.base());
  std::ofstream(bench.download.part) << std::string(5000, 'z');
  CHECK(bench.get().end == DownloadEnd::complete);
  CHECK(bench.part() == kBytes);
}

TEST_CASE("a part that is already whole is proved without asking anybody") {
  Bench bench("http://127.0.0.1:9");
  std::ofstream(bench.download.part, std::ios::binary) << kBytes;
  const auto result = bench.get();
  CHECK(result.end == DownloadEnd::complete);
  CHECK(result.sha256 == node::hash_of_file(bench.download.part));
}

TEST_CASE("a file of another size than the plan says is refused and the part emptied") {
  const auto size = GENERATE(std::size_t{299'999}, std::size_t{300'001}, std::size_t{5'000'000}, std::size_t{0});
  const auto have = GENERATE(0, 1000);
  tests::HttpServer server([&](auto&) { return tests::ServerAnswer{200, some_bytes(size)}; });
  Bench bench(server.base());
  if (have) std::ofstream(bench.download.part, std::ios::binary) << kBytes.substr(0, 1000);
  const auto result = bench.get();
  INFO(size << " after " << have << ": " << result.detail);
  // A range past the end of an empty file is refused by the server itself.
  CHECK(result.end == (size == 0 && have ? DownloadEnd::network : DownloadEnd::wrong_size));
  CHECK(bench.part().empty());
}

TEST_CASE("what the server says besides success has its own end") {
  struct Row {
    int status;
    DownloadEnd end;
  };
  const auto row = GENERATE(Row{404, DownloadEnd::not_found}, Row{410, DownloadEnd::not_found}, Row{403, DownloadEnd::refused},
                            Row{500, DownloadEnd::refused}, Row{302, DownloadEnd::refused});
  tests::HttpServer server([&](auto&) { return tests::ServerAnswer{row.status, "sorry", true, {}, false, "/elsewhere"}; });
  Bench bench(server.base());
  CHECK(bench.get().end == row.end);
  CHECK(server.requests().size() == 1);
  CHECK(bench.part().empty());
}

TEST_CASE("a server that is down, or falls silent, is a network end within its limit") {
  SECTION("down") {
    std::string base;
    { base = tests::HttpServer([](auto&) { return tests::ServerAnswer{}; }).base(); }
    CHECK(Bench(base).get().end == DownloadEnd::network);
  }
  SECTION("silent") {
    tests::HttpServer server([](auto&) { return tests::ServerAnswer{200, kBytes, true, {}, true}; });
    CHECK(Bench(server.base()).get().end == DownloadEnd::network);
  }
}

TEST_CASE("plain HTTP is refused unless allowed and on loopback") {
  tests::HttpServer server([](auto&) { return tests::ServerAnswer{200, kBytes}; });
  SECTION("not allowed") {
    Bench bench(server.base());
    bench.settings.plain_http_on_loopback = false;
    CHECK(bench.get().end == DownloadEnd::network);
  }
  SECTION("not on loopback") {
    Bench bench("http://192.0.2.1:80");
    bench.settings.connect_limit = 500ms;
    const auto result = bench.get();
    CHECK(result.end == DownloadEnd::network);
    CHECK(result.detail.find("rotocol") != std::string::npos);
  }
  CHECK(server.requests().empty());
}

TEST_CASE("a transfer that is cancelled is not answered, and the next one is") {
  int asked = 0;
  tests::HttpServer server([&](auto&) { return tests::ServerAnswer{200, kBytes, true, {}, ++asked == 1}; });
  Bench bench(server.base());
  bench.settings.low_speed_time = 60s;
  bench.downloader = node::make_curl_downloader(bench.loop.get_executor(), bench.settings);
  bool first = false;
  bench.downloader->start(bench.download, [&](auto&) { first = true; });
  tests::run_until(bench.loop, [&] { return !server.requests().empty(); }, 200ms);
  bench.downloader->cancel();
  CHECK(bench.get().end == DownloadEnd::complete);
  CHECK_FALSE(first);
}

TEST_CASE("TLS chains are always checked; dates that do not fit the node's clock cost a second try") {
  const auto now = std::chrono::time_point_cast<scheduler::Millis>(std::chrono::system_clock::now());
  const auto good = tests::make_test_tls();
  const auto expired = tests::make_test_tls(-7200, -3600);
  const auto other = tests::make_test_tls();
  struct Row {
    const char* name;
    const tests::TestTls* server;
    const tests::TestTls* trusted;
    node::TlsTime time;
    DownloadEnd end;
  };
  const std::vector<Row> rows = {
      {"good", &good, &good, {}, DownloadEnd::complete},
      {"another CA", &good, &other, {}, DownloadEnd::network},
      {"another CA and no clock", &good, &other, {false, {}}, DownloadEnd::network},
      {"expired", &expired, &expired, {}, DownloadEnd::complete},
      {"expired, and another CA", &expired, &other, {}, DownloadEnd::network},
      {"expired, but no clock", &expired, &expired, {false, {}}, DownloadEnd::complete},
      {"expired, but the node's clock is an hour and a half behind", &expired, &expired,
       {true, now - 90min}, DownloadEnd::complete},
      {"good, but not yet by the node's clock", &good, &good, {true, now - 24h}, DownloadEnd::complete},
      {"good, but the node's clock is in 2040", &good, &good, {true, now + 14 * 365 * 24h}, DownloadEnd::complete},
      {"another CA, and the node's clock is in 2040", &good, &other, {true, now + 14 * 365 * 24h}, DownloadEnd::network},
  };
  for (const Row& row : rows) {
    SECTION(row.name) {
      tests::HttpServer server([](auto&) { return tests::ServerAnswer{200, kBytes}; }, *row.server);
      Bench bench(server.base());
      bench.settings.ca_pem = row.trusted->ca_pem;
      bench.download.tls = row.time;
      const auto result = bench.get();
      INFO(result.detail);
      CHECK(result.end == row.end);
    }
  }
}
