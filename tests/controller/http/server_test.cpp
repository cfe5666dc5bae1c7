#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "controller/http/address_key.hpp"
#include "tests/controller/http/fixture.hpp"
#include "tests/controller/http/raw_client.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/test_tls.hpp"

namespace loa::http {
namespace {

using namespace std::chrono_literals;
using tests::HttpClient;

void write_file(const std::filesystem::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

ServerSettings impatient() {
  ServerSettings settings;
  settings.limits.header = 200ms;
  settings.limits.read = 200ms;
  settings.limits.idle = 200ms;
  settings.limits.heartbeat = 50ms;
  return settings;
}

// Waits for an event of the server by asking it, at most ten seconds.
bool eventually(RunningServer& server, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (std::chrono::steady_clock::now() < end) {
    if (holds()) return true;
    server.on_loop([] {});
  }
  return false;
}

}  // namespace

TEST_CASE("a request is answered with security headers and no script from elsewhere") {
  RunningServer server;
  HttpClient client(server.base());
  client.unchecked();
  const auto answer = client.post("/echo", "hello");
  CHECK(answer.status == 200);
  CHECK(answer.body == "127.0.0.1 http hello");
  CHECK(answer.headers.at("x-content-type-options") == "nosniff");
  CHECK(answer.headers.at("content-security-policy").find("default-src 'none'") == 0);
  CHECK(answer.headers.at("content-security-policy").find("unsafe") == std::string::npos);
  CHECK(answer.headers.at("cache-control") == "no-store");
  for (const char* telling : {"server", "x-powered-by", "via"}) CHECK(answer.headers.count(telling) == 0);
}

TEST_CASE("what a handler throws is a 500 that says nothing of the inside") {
  RunningServer server;
  HttpClient client(server.base());
  client.unchecked();
  const auto answer = client.get("/throw");
  CHECK(answer.status == 500);
  CHECK(answer.code() == "internal");
  CHECK(answer.body.find("purpose") == std::string::npos);
  CHECK(client.get("/echo").status == 200);
}

TEST_CASE("bodies above the limit are refused before they are read") {
  RunningServer server;
  HttpClient client(server.base());
  client.unchecked();
  CHECK(client.post("/echo", std::string(1001, 'x')).code() == "too_large");
  CHECK(client.upload("/upload", std::string(5'000'001, 'x'), "audio/wav").code() == "too_large");
  CHECK(std::filesystem::is_empty(server.folder.path()));

  RawClient raw(server.port);
  raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\n\r\n");
  CHECK(raw.read().find("413") != std::string::npos);
}

TEST_CASE("an upload is streamed to disk and gone when nobody took it") {
  RunningServer server;
  HttpClient client(server.base());
  client.unchecked();
  const auto answer = client.upload("/upload", std::string(4'000'000, 'x'), "audio/wav");
  CHECK(answer.status == 200);
  CHECK(answer.body == "4000000");
  CHECK(std::filesystem::is_empty(server.folder.path()));
}

TEST_CASE("an upload cut half-way leaves nothing") {
  RunningServer server;
  {
    RawClient raw(server.port);
    raw.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
    REQUIRE(eventually(server, [&] { return !std::filesystem::is_empty(server.folder.path()); }));
  }
  CHECK(eventually(server, [&] { return std::filesystem::is_empty(server.folder.path()) && server.connections() == 0; }));
}

TEST_CASE("what is not HTTP, or too much of it, is refused and ended") {
  RunningServer server;
  struct Row {
    const char* name;
    std::string bytes;
    std::string status;
  };
  std::string many = "GET /echo HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 3000; ++i) many += "X-" + std::to_string(i) + ": bomb\r\n";
  const Row rows[] = {
      {"a header of 100 kB", "GET /echo HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", " 431 "},
      {"three thousand headers", many + "\r\n", " 431 "},
      {"a target of 100 kB", "GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n\r\n", " 431 "},
      {"no HTTP at all", "\x16\x03\x01 hello\r\n\r\n", " 400 "},
      {"a target that is no path", "GET http:bad HTTP/1.1\r\nHost: a\r\n\r\n", " 400 "},
      {"a length and chunks", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", " 400 "},
      {"no host", "GET /echo HTTP/1.1\r\n\r\n", " 400 "},
      {"two hosts", "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", " 400 "},
      {"two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", " 400 "},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    RawClient raw(server.port);
    raw.send(row.bytes);
    const auto answer = raw.read();
    CHECK(answer.substr(0, 20).find(row.status) != std::string::npos);
  }
}

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

TEST_CASE("an event stream beats, delivers, and is closed when its client does not keep up") {
  RunningServer server(impatient());
  RawClient raw(server.port);
  raw.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(raw.read(":\n\n").find("text/event-stream") != std::string::npos);
  server.on_loop([&] { server.handler.events->push(event_text("node", "{\"id\":\"n-1\"}")); });
  CHECK(raw.read("n-1").find("event: node\ndata: {\"id\":\"n-1\"}\n\n") != std::string::npos);
  CHECK(raw.read(":\n\n").find(":\n\n") != std::string::npos);
  const bool taken = server.on_loop([&] {
    bool all = true;
    for (int i = 0; i < 100; ++i) all = server.handler.events->push("data: x\n\n") && all;
    return all;
  });
  CHECK_FALSE(taken);
  raw.read();
  CHECK(eventually(server, [&] { return server.connections() == 0; }));
}

TEST_CASE("a file is served whole, in part, or not again") {
  RunningServer server;
  write_file(server.folder / "file.bin", "0123456789");
  HttpClient client(server.base());
  client.unchecked();
  struct Row {
    const char* name;
    std::string header;
    int status;
    std::string body;
    std::string content_range;
  };
  const Row rows[] = {
      {"all", "X-None: 1", 200, "0123456789", ""},
      {"first bytes", "Range: bytes=0-3", 206, "0123", "bytes 0-3/10"},
      {"from the middle", "Range: bytes=7-", 206, "789", "bytes 7-9/10"},
      {"beyond the end", "Range: bytes=8-99", 206, "89", "bytes 8-9/10"},
      {"the last bytes", "Range: bytes=-2", 206, "89", "bytes 8-9/10"},
      {"more last bytes than there are", "Range: bytes=-20", 206, "0123456789", "bytes 0-9/10"},
      {"outside", "Range: bytes=10-", 416, "", "bytes */10"},
      {"no last byte", "Range: bytes=-0", 416, "", "bytes */10"},
      {"several", "Range: bytes=0-1,3-4", 200, "0123456789", ""},
      {"backwards", "Range: bytes=5-2", 200, "0123456789", ""},
      {"another unit", "Range: lines=1-2", 200, "0123456789", ""},
      {"a number too large", "Range: bytes=99999999999999999999-", 200, "0123456789", ""},
      {"known already", "If-None-Match: \"other\", W/\"tag\"", 304, "", ""},
      {"another known", "If-None-Match: \"other\"", 200, "0123456789", ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    auto answer = client.get("/file", {row.header});
    CHECK(answer.status == row.status);
    if (row.status != 416) CHECK(answer.body == row.body);
    CHECK(answer.headers["content-range"] == row.content_range);
  }
  auto guarded = client.get("/file", {"Range: bytes=0-3", "If-Range: \"older\""});
  CHECK(guarded.status == 200);
  auto head = client.send("HEAD", "/file", "", {});
  CHECK(head.headers["content-length"] == "10");
  CHECK(head.headers["cache-control"].find("immutable") != std::string::npos);
  CHECK(head.body.empty());
}

TEST_CASE("TLS is spoken with the certificate given") {
  const auto tls = tests::make_test_tls();
  tests::TempFolder folder;
  write_file(folder / "server.pem", tls.certificate_pem);
  write_file(folder / "server.key", tls.key_pem);
  write_file(folder / "ca.pem", tls.ca_pem);
  ServerSettings settings;
  settings.tls = TlsFiles{folder / "server.pem", folder / "server.key"};
  RunningServer server(settings);
  HttpClient client(server.base("https"), (folder / "ca.pem").string());
  client.unchecked();
  CHECK(client.post("/echo", "x").body == "127.0.0.1 https x");
  CHECK(client.upload("/upload", std::string(3'000'000, 'x'), "audio/wav").body == "3000000");
  HttpClient stranger(server.base("https"));
  stranger.unchecked();
  CHECK(stranger.get("/echo").status == 0);
}

TEST_CASE("only TLS 1.2 and 1.3 are spoken, and 1.2 only with forward secrecy and authenticated encryption") {
  const auto tls = tests::make_test_tls();
  tests::TempFolder folder;
  write_file(folder / "server.pem", tls.certificate_pem);
  write_file(folder / "server.key", tls.key_pem);
  ServerSettings settings;
  settings.tls = TlsFiles{folder / "server.pem", folder / "server.key"};
  RunningServer server(settings);
  struct Row {
    const char* name;
    int least, most;
    const char* ciphers;  ///< of TLS 1.2 and below
    bool spoken;
  };
  const Row rows[] = {
      {"TLS 1.3", TLS1_3_VERSION, TLS1_3_VERSION, "ALL:@SECLEVEL=0", true},
      {"TLS 1.2", TLS1_2_VERSION, TLS1_2_VERSION, "ALL:@SECLEVEL=0", true},
      {"TLS 1.2 with ChaCha20", TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE+CHACHA20", true},
      {"TLS 1.2 with CBC", TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0", false},
      {"TLS 1.2 without forward secrecy", TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256:AES256-SHA:@SECLEVEL=0", false},
      {"TLS 1.1", TLS1_1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false},
      {"TLS 1.0", TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0", false},
  };
  for (const auto& row : rows) {
    DYNAMIC_SECTION(row.name) {
      boost::asio::io_context loop;
      boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
      SSL_CTX_set_min_proto_version(context.native_handle(), row.least);
      SSL_CTX_set_max_proto_version(context.native_handle(), row.most);
      SSL_CTX_set_cipher_list(context.native_handle(), row.ciphers);
      boost::asio::ssl::stream<boost::asio::ip::tcp::socket> client(loop, context);
      client.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), server.port});
      boost::system::error_code error;
      client.handshake(boost::asio::ssl::stream_base::client, error);
      INFO(error.message());
      CHECK(!error == row.spoken);
    }
  }
}

TEST_CASE("plain HTTP is for loopback or behind a named proxy only") {
  boost::asio::io_context loop;
  tests::TempFolder folder;
  EchoHandler handler(folder.path());
  ServerSettings open;
  open.address = "0.0.0.0";
  CHECK_THROWS_WITH(Server(loop.get_executor(), open, handler), Catch::Contains("needs a trusted proxy"));

  ServerSettings behind;
  behind.address = "0.0.0.0";
  behind.trusted_proxies = {"127.0.0.1"};
  RunningServer server(behind);
  HttpClient client(server.base());
  client.unchecked();
  CHECK(client.get("/echo").code() == "https_required");
  CHECK(client.get("/echo", {"X-Forwarded-Proto: http"}).code() == "https_required");
  CHECK(client.get("/echo", {"X-Forwarded-Proto: https", "X-Forwarded-For: 6.6.6.6, 10.1.2.3"}).body == "10.1.2.3 https ");

  RunningServer plain;
  HttpClient liar(plain.base());
  liar.unchecked();
  CHECK(liar.get("/echo", {"X-Forwarded-Proto: https", "X-Forwarded-For: 10.1.2.3"}).body == "127.0.0.1 http ");
}

}  // namespace loa::http
