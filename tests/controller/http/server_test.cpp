#include <catch2/catch.hpp>

#include "tests/controller/http/fixture.hpp"
#include "tests/controller/http/raw_client.hpp"
#include "tests/support/http_client.hpp"

namespace loa::http {

using namespace std::chrono_literals;
using tests::HttpClient;

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

}  // namespace loa::http
