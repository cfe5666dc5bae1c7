#include "controller/metrics/endpoint.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <future>
#include <thread>

#include "tests/support/http_client.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::metrics;
using namespace std::chrono_literals;
using loa::tests::HttpClient;

namespace {

/// A real server on a free port, with one figure that counts how often it was gathered.
class Monitored {
 public:
  explicit Monitored(std::string token, std::chrono::milliseconds fresh = 0ms)
      : endpoint_([this] { return gather(); }, std::move(token), fresh), server_(std::make_unique<loa::http::Server>(loop_.get_executor(), loa::http::ServerSettings{}, endpoint_)) {
    base = "http://127.0.0.1:" + std::to_string(server_->port());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Monitored() {
    std::promise<void> done;
    boost::asio::post(loop_, [&] {
      server_->stop();
      done.set_value();
    });
    done.get_future().get();
    work_.reset();
    thread_.join();
  }
  HttpClient client() {
    HttpClient client(base);
    client.unchecked();
    return client;
  }

  std::string base;
  std::atomic<bool> broken{false};

 private:
  boost::asio::awaitable<std::vector<Family>> gather() {
    if (broken) throw std::runtime_error("the store is lost");
    std::vector<Family> families{{"loa_gathered_total", "How often.", Kind::counter, {{{}, static_cast<double>(++gathered_)}}}};
    co_return families;
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  Endpoint endpoint_;
  std::unique_ptr<loa::http::Server> server_;
  std::thread thread_;
  int gathered_ = 0;
};

const std::string kToken = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("figures are read with GET at one address and nothing else is there") {
  Monitored monitored("");
  auto client = monitored.client();
  auto answer = client.get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.body.find("\nloa_gathered_total 1\n") != std::string::npos);
  CHECK(client.get("/metrics?name=x").status == 200);
  for (const char* path : {"/", "/metrics/", "/api/v1/nodes", "/../metrics", "/%6detrics"}) CHECK(client.get(path).status == 404);
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) CHECK(client.send(method, "/metrics", "", {}).status == 405);
  CHECK(client.post("/metrics", std::string(100, 'x')).status == 405);
}

TEST_CASE("where there is a token, figures are only for who brings it") {
  Monitored monitored(kToken);
  auto client = monitored.client();
  CHECK(client.get("/metrics", {"Authorization: Bearer " + kToken}).status == 200);
  const std::vector<HttpClient::Headers> wrong{{},
                                               {"Authorization: Bearer"},
                                               {"Authorization: Bearer " + kToken + "0"},
                                               {"Authorization: Bearer " + kToken.substr(1)},
                                               {"Authorization: bearer " + kToken},
                                               {"Authorization: Basic " + kToken},
                                               {"Authorization: " + kToken},
                                               {"X-Token: " + kToken}};
  for (const auto& headers : wrong) {
    INFO((headers.empty() ? "nothing" : headers.front()));
    auto answer = client.get("/metrics", headers);
    CHECK(answer.status == 401);
    CHECK(answer.code() == "token_required");
    CHECK(answer.headers["www-authenticate"] == "Bearer");
    CHECK(answer.body.find("loa_") == std::string::npos);
    CHECK(client.get("/", headers).status == 401);  // nobody learns what is there
  }
}

TEST_CASE("asking more often gathers no more often") {
  Monitored monitored("", 1h);
  auto client = monitored.client();
  for (int i = 0; i < 20; ++i) CHECK(client.get("/metrics").body.find("loa_gathered_total 1\n") != std::string::npos);
}

TEST_CASE("figures that cannot be gathered are an error, and the next time they are tried again") {
  Monitored monitored("");
  auto client = monitored.client();
  monitored.broken = true;
  CHECK(client.get("/metrics").status == 500);
  CHECK(client.get("/metrics").status == 500);
  monitored.broken = false;
  CHECK(client.get("/metrics").status == 200);
}

TEST_CASE("a token is taken from a file that its owner alone can read") {
  struct Row {
    const char* name;
    std::string text;
    unsigned mode;
    std::string message;  ///< empty: taken
  };
  const std::string form = " must hold a token of 32 to 256 visible characters in its first line";
  const Row rows[] = {
      {"as it should be", kToken + "\n", 0600, ""},
      {"without a line feed", kToken, 0400, ""},
      {"readable by a group", kToken, 0640, " can be read by others than its owner: chmod 600"},
      {"readable by all", kToken, 0604, " can be read by others than its owner: chmod 600"},
      {"short", kToken.substr(1), 0600, form},
      {"long", std::string(257, 'x'), 0600, form},
      {"with a space", kToken + " x\n", 0600, form},
      {"empty", "", 0600, form},
  };
  loa::tests::TempFolder folder;
  const auto file = folder / "token";
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      std::ofstream(file, std::ios::trunc) << row.text;
      std::filesystem::permissions(file, static_cast<std::filesystem::perms>(row.mode));
      if (row.message.empty())
        CHECK(read_token(file) == kToken);
      else
        CHECK_THROWS_WITH(read_token(file), file.string() + row.message);
    }
  }
  CHECK_THROWS_WITH(read_token(folder / "none"), "no token can be read from " + (folder / "none").string());
}
