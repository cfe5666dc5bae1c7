#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <catch2/catch.hpp>

#include "tests/controller/http/fixture.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/test_tls.hpp"

namespace loa::http {

using namespace std::chrono_literals;
using tests::HttpClient;

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
