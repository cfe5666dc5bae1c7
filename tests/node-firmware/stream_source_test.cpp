#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "node-firmware/player_gst.hpp"
#include "node-firmware/stream_decoder.hpp"
#include "node-firmware/stream_http.hpp"
#include "node-firmware/stream_hub.hpp"
#include "tests/support/http_server.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/station.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace std::chrono_literals;
using node::GetEnd;
using node::StreamHealth;
using tests::Encoding;
using tests::HttpServer;
using tests::ServerAnswer;
using tests::Station;

namespace {

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }

std::chrono::nanoseconds epoch_now() {
  return std::chrono::steady_clock::now().time_since_epoch() - std::chrono::system_clock::now().time_since_epoch();
}

bool wait_for(const std::function<bool()>& done, std::chrono::milliseconds limit = 20s) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!done() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
  return done();
}

/// Listens as the hub does while nobody plays.
void listen(node::StreamFeed& feed, const std::function<bool()>& done, std::chrono::milliseconds limit = 20s) {
  auto last = std::chrono::steady_clock::now();
  CHECK(wait_for(
      [&] {
        const auto now = std::chrono::steady_clock::now();
        const auto passed = std::chrono::floor<node::Millis>(now - last);
        last += passed;
        feed.pass(passed);
        return done();
      },
      limit));
}

/// One GET to a server of this kind.
struct Asked {
  tests::TempFolder folder;
  std::string type, bytes, url;
  node::GetResult result;

  Asked(const std::string& address, node::StreamTerms terms, const std::string& ca_pem = {},
        const std::function<bool()>& given_up = [] { return false; }) {
    const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi(curl_multi_init(), curl_multi_cleanup);
    write(folder / "ca.pem", ca_pem);
    terms.ca_file = folder / "ca.pem";
    if (terms.now == scheduler::TimePoint{}) terms.now = protocol::SystemClock().now();
    const node::StreamTaker taker{[this](const std::string& at, const std::string& called) {
                                    url = at;
                                    type = called;
                                    return true;
                                  },
                                  [this](std::string_view some) {
                                    bytes += some;
                                    return true;
                                  }};
    result = node::get_stream(multi.get(), address, terms, taker, given_up);
  }
};

node::StreamTerms plain() {
  node::StreamTerms terms;
  terms.plain_http_allowed = true;
  return terms;
}

}  // namespace

TEST_CASE("a stream's server is believed by its certificate alone: authority, name and dates by the node's clock") {
  const auto good = tests::make_test_tls();
  const auto other = tests::make_test_tls();
  const auto answer = [](const tests::HttpRequest&) { return ServerAnswer{.body = "sound", .content_type = "audio/mpeg"}; };
  struct Row {
    const char* name;
    tests::TestTls tls;
    std::string ca;
    std::chrono::hours off;  ///< the node's clock against the certificate's time
    bool heard;
  };
  const auto wrong_name = tests::make_test_tls(-3600, 3600, "DNS:radio.example,IP:127.0.0.2");
  const auto expired = tests::make_test_tls(-7200, -3600);
  const Row rows[] = {{"as it should be", good, good.ca_pem, 0h, true},
                      {"of another authority", good, other.ca_pem, 0h, false},
                      {"no authority at all", good, "", 0h, false},
                      {"of another name", wrong_name, wrong_name.ca_pem, 0h, false},
                      {"expired", expired, expired.ca_pem, 0h, false},
                      {"expired by the system's clock, not by the node's", expired, expired.ca_pem, -1h, true},
                      {"not yet valid by the node's clock", good, good.ca_pem, -48h, false},
                      {"expired by the node's clock", good, good.ca_pem, 48h, false}};
  for (const auto& row : rows) {
    INFO(row.name);
    HttpServer server(answer, row.tls);
    node::StreamTerms terms;
    terms.now = protocol::SystemClock().now() + row.off - (row.off == -1h ? 30min : 0min);
    const Asked asked(server.base() + "/x", terms, row.ca);
    INFO(asked.result.detail);
    CHECK((asked.result.end == GetEnd::ended) == row.heard);
    CHECK(asked.bytes == (row.heard ? "sound" : ""));
  }
}

TEST_CASE("plain http is asked only where it is allowed") {
  HttpServer server([](const tests::HttpRequest&) { return ServerAnswer{.body = "sound"}; });
  const Asked refused(server.base() + "/x", {});
  CHECK(refused.result.end == GetEnd::refused);
  CHECK(refused.result.detail == "plain http is not allowed for this stream");
  CHECK(server.requests().empty());
  CHECK(Asked(server.base() + "/x", plain()).bytes == "sound");
}

TEST_CASE("redirects are followed on the same server, three times, and nowhere else") {
  const auto tls = tests::make_test_tls();
  HttpServer elsewhere([](const tests::HttpRequest&) { return ServerAnswer{.body = "other"}; });
  HttpServer server(
      [&](const tests::HttpRequest& request) {
        ServerAnswer answer{.status = 302, .body = "not this", .content_type = "text/html"};
        if (request.path == "/own") answer.location = "/sound";
        else if (request.path.starts_with("/three")) answer.location = request.path == "/three11" ? "/sound" : request.path + "1";
        else if (request.path.starts_with("/round")) answer.location = request.path + "1";
        else if (request.path == "/plain") answer.location = "http" + server.base().substr(5) + "/sound";
        else if (request.path == "/elsewhere") answer.location = elsewhere.base() + "/sound";
        else if (request.path == "/name") answer.location = "//localhost" + server.base().substr(server.base().rfind(':')) + "/sound";
        else if (request.path == "/file") answer.location = "file:///etc/passwd";
        else if (request.path == "/sound") answer = ServerAnswer{.body = "sound"};
        return answer;
      },
      tls);
  struct Row {
    const char* path;
    const char* bytes;
    const char* why;
  };
  const Row rows[] = {{"/own", "sound", "the stream ended"},
                      {"/three", "sound", "the stream ended"},
                      {"/round", "", "it redirects more than three times"},
                      {"/plain", "", "it redirects to another host, or to none"},
                      {"/elsewhere", "", "it redirects to another host, or to none"},
                      {"/name", "", "it redirects to another host, or to none"},
                      {"/file", "", "it redirects to another host, or to none"},
                      {"/nowhere", "", "it redirects to another host, or to none"}};
  for (const auto& row : rows) {
    INFO(row.path);
    node::StreamTerms terms;
    const Asked asked(server.base() + row.path, terms, tls.ca_pem);
    CHECK(asked.bytes == row.bytes);
    CHECK(asked.result.detail == row.why);
  }
  CHECK(elsewhere.requests().empty());
}

TEST_CASE("what answers badly is given up with a reason") {
  HttpServer server([](const tests::HttpRequest& request) {
    if (request.path == "/404") return ServerAnswer{.status = 404, .body = "no"};
    if (request.path == "/large") return ServerAnswer{.body = std::string(100'000, 'x')};
    if (request.path == "/header") return ServerAnswer{.body = "x", .content_type = std::string(60'000, 'x')};
    return ServerAnswer{.body = "x", .silent = true};
  });
  CHECK(Asked(server.base() + "/404", plain()).result.detail == "the server answers 404");
  auto terms = plain();
  terms.most_bytes = 50'000;
  CHECK(Asked(server.base() + "/large", terms).result.end == GetEnd::too_large);
  CHECK(Asked(server.base() + "/header", terms).result.detail == "the header is larger than 32 KiB");
  terms.connect_limit = 300ms;
  CHECK(Asked(server.base() + "/stall", terms).result.end == GetEnd::network);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(Asked(server.base() + "/stall", plain(), {}, [&] { return std::chrono::steady_clock::now() - begun > 200ms; }).result.end == GetEnd::stopped);
  CHECK(Asked("https://a:b@localhost/x", plain()).result.end == GetEnd::refused);
  CHECK(Asked("ftp://localhost/x", plain()).result.end == GetEnd::refused);
}

TEST_CASE("Opus, MP3, AAC and MPEG-TS come out as the samples that went in") {
  tests::TempFolder folder;
  for (const auto encoding : {Encoding::opus, Encoding::mp3, Encoding::aac, Encoding::mpeg_ts}) {
    INFO(static_cast<int>(encoding));
    if (!tests::make_sound(encoding, folder / "sound", 4'000, 440)) {
      WARN("not tried: there is no encoder for it here");
      continue;
    }
    const auto bytes = bytes_of(folder / "sound");
    const auto format = node::format_of("", bytes.substr(0, node::kFormatBytes));
    INFO(node::name_of(format));
    if (const auto why = node::cannot_decode(format); !why.empty()) {
      WARN(why);
      continue;
    }
    auto feed = std::make_shared<node::StreamFeed>();
    node::StreamDecoder decoder(format, feed);
    CHECK(decoder.push(bytes, [] { return false; }));
    decoder.finish([] { return false; });
    CHECK(feed->arrived() > 48 * 3'800);
    CHECK(feed->arrived() < 48 * 4'200);
    feed->pass(4s);
    CHECK(feed->health() == StreamHealth::good);
  }
}

TEST_CASE("a format that nothing here decodes is refused in words that name the package") {
  CHECK(node::cannot_decode(node::StreamFormat::unsupported) == "it is neither Ogg/Opus, MP3, AAC nor HLS of these");
  CHECK_THROWS(node::StreamDecoder(node::StreamFormat::hls, std::make_shared<node::StreamFeed>()));
}

TEST_CASE("a chained Ogg stream sounds from its first song to its last") {
  tests::TempFolder folder;
  std::string all;
  for (const int hertz : {440, 880, 660}) {
    tests::make_sound(Encoding::opus, folder / "song", 3'000, hertz);
    all += bytes_of(folder / "song");
  }
  HttpServer server([&](const tests::HttpRequest&) { return ServerAnswer{.body = all, .content_type = "application/ogg"}; });
  node::StreamSource source({server.base() + "/x.ogg", true}, {}, epoch_now());
  listen(*source.feed(), [&] { return source.feed()->arrived() > 48 * 8'700; });
}

TEST_CASE("a station that stalls or closes is lost and comes back by itself, and its end waits for nobody") {
  Station station;
  HttpServer server([&](const tests::HttpRequest&) { return ServerAnswer{.content_type = "audio/mpeg", .more = station.listen()}; });
  node::StreamSettings settings;
  settings.watch.steady = 2s;
  settings.watch.lost = 1500ms;
  settings.first_wait = 200ms;
  auto source = std::make_unique<node::StreamSource>(node::StreamAddress{server.base() + "/live", true}, settings, epoch_now());
  auto feed = source->feed();
  listen(*feed, [&] { return feed->health() == StreamHealth::good; });
  station.set(Station::stalls);
  listen(*feed, [&] { return feed->health() == StreamHealth::lost; });
  station.set(Station::sounds);
  listen(*feed, [&] { return feed->health() == StreamHealth::good; });
  station.set(Station::closes);
  listen(*feed, [&] { return feed->health() == StreamHealth::lost; });
  station.set(Station::sounds);
  listen(*feed, [&] { return feed->health() == StreamHealth::good; });
  CHECK(server.requests().size() >= 2);
  station.set(Station::stalls);
  const auto began = std::chrono::steady_clock::now();
  source.reset();
  CHECK(std::chrono::steady_clock::now() - began < 50ms);
  node::StreamSource::await_all(5s);
}

TEST_CASE("bytes without sound are given up before they use up the SIM card") {
  std::atomic<std::int64_t> sent{0};
  HttpServer server([&](const tests::HttpRequest&) {
    return ServerAnswer{.content_type = "audio/mpeg", .more = [&]() -> std::optional<std::string> {
                          sent += 60'000;
                          return std::string(60'000, '\x55');
                        }};
  });
  node::StreamSettings settings;
  settings.first_wait = 60s;
  node::StreamSource source({server.base() + "/junk", true}, settings, epoch_now());
  std::int64_t before = -1;
  CHECK(wait_for([&] {
    const auto now = sent.load();
    std::this_thread::sleep_for(300ms);
    return now > 0 && std::exchange(before, now) == now;
  }));
  CHECK(sent < 8'000'000);
}

TEST_CASE("HLS follows its window over AAC and MPEG-TS, to the lowest bandwidth, and over a discontinuity") {
  tests::TempFolder folder;
  for (const auto encoding : {Encoding::aac, Encoding::mpeg_ts, Encoding::mp3}) {
    if (!tests::make_sound(encoding, folder / "sound", 2'000, 440)) {
      WARN("not tried: there is no encoder for it here");
      continue;
    }
    const auto segment = bytes_of(folder / "sound");
    if (const auto why = node::cannot_decode(node::format_of("", segment.substr(0, node::kFormatBytes))); !why.empty()) {
      WARN(why);
      continue;
    }
    const auto began = std::chrono::steady_clock::now();
    std::atomic<int> highest{0};
    std::atomic<int> lists{0};
    HttpServer server([&](const tests::HttpRequest& request) {
      if (request.path == "/master.m3u8")
        return ServerAnswer{.body = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=90000\nhigh.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=50000\nlow.m3u8\n",
                            .content_type = "application/vnd.apple.mpegurl"};
      if (request.path == "/low.m3u8") {
        const int asked = ++lists;
        if (asked == 3) return ServerAnswer{.body = ""};  // once good, a bad answer is no end
        if (asked == 5) return ServerAnswer{.body = "#EXTM3U\n#EXT-X-TARGETDUR"};
        // A live window of four segments of 2 s that goes on with time.
        const auto newest = 3 + static_cast<int>((std::chrono::steady_clock::now() - began) / 2s);
        std::string list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:" + std::to_string(newest - 3) + "\n";
        for (int i = newest - 3; i <= newest; ++i)
          list += std::string(i == 4 ? "#EXT-X-DISCONTINUITY\n" : "") + "#EXTINF:2.0,\nsegment" + std::to_string(i) + "\n";
        return ServerAnswer{.body = list};
      }
      if (!request.path.starts_with("/segment")) return ServerAnswer{.status = 404};
      highest = std::max(highest.load(), std::stoi(request.path.substr(8)));
      return ServerAnswer{.body = segment};
    });
    INFO(static_cast<int>(encoding));
    node::StreamSource source({server.base() + "/master.m3u8", true}, {}, epoch_now());
    auto& feed = *source.feed();
    listen(feed, [&] { return feed.health() == StreamHealth::good; });
    listen(feed, [&] { return highest >= 7 && feed.arrived() > 48 * 11'000; });
    CHECK(feed.health() == StreamHealth::good);
    CHECK(lists > 5);
    for (const auto& request : server.requests()) CHECK(request.path != "/high.m3u8");
  }
}

TEST_CASE("a player plays a stream for its length, counts what was heard, and hears holes as holes") {
  Station station;
  HttpServer server([&](const tests::HttpRequest&) { return ServerAnswer{.content_type = "audio/mpeg", .more = station.listen()}; });
  boost::asio::io_context loop;
  protocol::SystemClock clock;
  std::optional<node::TrackEnded> ended;
  std::optional<node::TrackStarted> started;
  node::PlayerSettings settings;
  settings.sink = node::SinkKind::null;
  auto player = node::make_gst_player(loop.get_executor(), clock, settings,
                                      {[](node::TrackId) {}, [&](const node::TrackStarted& s) { started = s; }, [&](const node::TrackEnded& e) { ended = e; }});
  auto streams = node::make_streams(loop.get_executor(), {}, [] {});
  const std::string url = server.base() + "/live";
  streams->want({{url, true}}, epoch_now());
  REQUIRE(tests::run_until(loop, [&] { return streams->feed(url)->health() == StreamHealth::good; }));

  const auto play = [&](node::TrackId id, node::Millis length) {
    ended.reset();
    node::Track track;
    track.id = id;
    track.stream = streams->feed(url);
    track.length = length;
    track.volume = 50;
    player->prepare(track);
    player->start_at(id, std::chrono::steady_clock::now() + 300ms);
  };
  play(1, 2s);
  REQUIRE(tests::run_until(loop, [&] { return ended.has_value(); }));
  CHECK(started.value().error_us < 200'000);
  CHECK(ended->how == node::TrackEnd::finished);
  CHECK(ended->heard >= 1900ms);
  CHECK(ended->heard <= 2s);
  CHECK(ended->level_dbfs.value() > -25);
  CHECK(ended->level_dbfs.value() < -10);

  station.set(Station::stalls);
  play(2, 6s);
  REQUIRE(tests::run_until(loop, [&] { return ended.has_value(); }));
  CHECK(ended->how == node::TrackEnd::finished);
  CHECK(ended->heard > 1s);
  CHECK(ended->heard < 5s);

  // Nobody wants it any more: it is silent at once, and what plays it ends as it was told.
  station.set(Station::sounds);
  play(3, 1s);
  streams->want({}, epoch_now());
  CHECK(streams->feed(url) == nullptr);
  REQUIRE(tests::run_until(loop, [&] { return ended.has_value(); }));
  CHECK(ended->heard < 100ms);
}
