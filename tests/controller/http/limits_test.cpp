#include <catch2/catch.hpp>

#include "controller/http/address_key.hpp"
#include "tests/controller/http/fixture.hpp"
#include "tests/controller/http/raw_client.hpp"
#include "tests/support/test_tls.hpp"

// Who is slow, or too many, and is ended.
namespace loa::http {

using namespace std::chrono_literals;

TEST_CASE("whoever is slow on purpose is ended, however steadily it goes on, and is counted") {
  // Each client sends or reads a little again and again, well within the time of one wait.
  struct Row {
    const char* name;
    std::string begin;    ///< sent at once
    std::string again;    ///< sent every 20 ms; empty: one byte is read instead
    std::uint64_t Counts::*count;
  };
  const Row rows[] = {
      {"a header without end", "GET /echo HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", &Counts::slow_header},
      {"a second header without end", "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "X", &Counts::slow_header},
      {"a body a byte at a time", "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", "x", &Counts::slow_body},
      {"a chunked body a byte at a time", "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n",
       &Counts::slow_body},
      {"a reader of a byte at a time", "GET /file HTTP/1.1\r\nHost: a\r\n\r\n", "", &Counts::slow_reader},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      auto settings = impatient();
      settings.limits.header = 300ms;
      settings.limits.idle = 10s;
      settings.limits.read = 10s;
      settings.limits.pace = 300ms;
      settings.limits.slowest = 1'000;
      settings.limits.write = 300ms;
      RunningServer server(settings);
      write_file(server.folder / "file.bin", std::string(40 << 20, 'x'));
      RawClient raw(server.port);
      raw.send(row.begin);
      REQUIRE(eventually(server, [&] { return server.connections() == 1 || server.counts().*row.count; }));
      const auto end = std::chrono::steady_clock::now() + 20s;
      while (server.counts().*row.count == 0 && std::chrono::steady_clock::now() < end) {
        row.again.empty() ? raw.read_byte() : static_cast<void>(raw.send(row.again));
        raw.pause(20ms);
      }
      CHECK(server.counts().*row.count == 1);
      CHECK(eventually(server, [&] { return server.connections() == 0; }));
      CHECK_FALSE(std::filesystem::exists(server.folder / "upload.part"));
    }
  }
}

TEST_CASE("a slow handshake is ended") {
  const auto tls = tests::make_test_tls();
  tests::TempFolder folder;
  write_file(folder / "server.pem", tls.certificate_pem);
  write_file(folder / "server.key", tls.key_pem);
  auto settings = impatient();
  settings.limits.handshake = 100ms;
  settings.tls = TlsFiles{folder / "server.pem", folder / "server.key"};
  RunningServer server(settings);
  RawClient raw(server.port);
  raw.send("\x16\x03\x01");
  CHECK(eventually(server, [&] { return server.counts().slow_handshake == 1 && server.connections() == 0; }));
}

TEST_CASE("a steady upload, a steady download and a quiet event stream outlast the limits on slowness") {
  auto settings = impatient();
  settings.limits.pace = 100ms;
  settings.limits.slowest = 1'000;
  settings.limits.write = 500ms;
  RunningServer server(settings);
  write_file(server.folder / "file.bin", std::string(8 << 20, 'x'));
  RawClient events(server.port);
  events.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(events.read(":\n\n").find("200 OK") != std::string::npos);
  {
    RawClient upload(server.port);
    upload.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
    for (int i = 0; i < 40; ++i) {  // 40 times as long as a pace, and fast enough
      upload.send(std::string(1'000, 'x'));
      upload.pause(20ms);
    }
    CHECK(upload.read("40000").find("40000") != std::string::npos);
  }
  {
    RawClient download(server.port);
    download.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(download.read().size() > (8U << 20));
  }
  server.on_loop([&] { server.handler.events->push(event_text("node", "later")); });
  CHECK(events.read("later").find("later") != std::string::npos);
  const auto counts = server.counts();
  CHECK(counts.slow_body + counts.slow_reader + counts.slow_header == 0);
  CHECK(counts.answers[2] == 3);
}

TEST_CASE("one address has a bounded number of connections, and others are still served") {
  ServerSettings settings;
  settings.limits.connections_an_address = 3;
  RunningServer server(settings);
  std::vector<std::unique_ptr<RawClient>> greedy;
  for (int i = 0; i < 3; ++i) greedy.push_back(std::make_unique<RawClient>(server.port));
  REQUIRE(eventually(server, [&] { return server.connections() == 3; }));
  RawClient fourth(server.port);
  CHECK(fourth.read().empty());
  CHECK(server.counts().refused_address == 1);
  RawClient other(server.port, "127.0.0.2");
  other.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(other.read().find("127.0.0.2") != std::string::npos);
  greedy.pop_back();
  REQUIRE(eventually(server, [&] { return server.connections() == 2; }));
  RawClient again(server.port);
  again.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(again.read().find("200 OK") != std::string::npos);
}

TEST_CASE("a trusted proxy is not bounded as one address") {
  ServerSettings settings;
  settings.limits.connections_an_address = 1;
  settings.trusted_proxies = {"127.0.0.1"};
  RunningServer server(settings);
  RawClient first(server.port);
  REQUIRE(eventually(server, [&] { return server.connections() == 1; }));
  RawClient second(server.port);
  second.send("GET /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n");
  CHECK(second.read().find("200 OK") != std::string::npos);
}

TEST_CASE("connections are counted by IPv4 address, and by network of 64 bits in IPv6") {
  const auto key = [](const char* text) { return address_key(boost::asio::ip::make_address(text)); };
  CHECK(key("192.0.2.7") == "192.0.2.7");
  CHECK(key("::ffff:192.0.2.7") == "192.0.2.7");
  CHECK(key("2001:db8:1:2:3:4:5:6") == key("2001:db8:1:2::1"));
  CHECK(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
}

TEST_CASE("a client that is slow with its header or body is cut off") {
  RunningServer server(impatient());
  const char* starts[] = {"GET /echo HT", "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc"};
  for (const auto* start : starts) {
    RawClient raw(server.port);
    raw.send(start);
    CHECK(raw.read().find("200") == std::string::npos);
  }
  CHECK(eventually(server, [&] { return server.connections() == 0; }));
  CHECK(std::filesystem::is_empty(server.folder.path()));
}

TEST_CASE("more connections than the limit are closed as they come") {
  ServerSettings settings;
  settings.limits.connections = 1;
  RunningServer server(settings);
  RawClient first(server.port);
  REQUIRE(eventually(server, [&] { return server.connections() == 1; }));
  RawClient second(server.port);
  CHECK(second.read().empty());
  first.send("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(first.read().find("200 OK") != std::string::npos);
}

}  // namespace loa::http
