// Bytes on a connection of the HTTP server: whatever comes, each answer is whole, and the connection ends when the other side does.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <charconv>
#include <chrono>
#include <stdexcept>

#include "controller/http/problem.hpp"
#include "controller/http/server.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::fuzz {
namespace {

constexpr std::size_t kMostBody = 1000;

class Listener final : public http::Handler {
 public:
  boost::asio::awaitable<http::BodyPlan> plan_body(const http::Request& head) override {
    http::BodyPlan plan = http::BufferBody{kMostBody};
    if (head.path == "/file") plan = http::FileBody{folder_ / ("body-" + std::to_string(++files_)), kMostBody};
    if (head.path == "/refuse") plan = http::problem_response({403, "forbidden", "Not here.", {}});
    co_return plan;
  }
  boost::asio::awaitable<http::Response> handle(http::Request request) override {
    demand(request.body.size() <= kMostBody && (!request.file || request.file->size() <= kMostBody), "no body is larger than its limit");
    for (const auto& [name, value] : request.headers) {
      for (const char c : name) demand(c > ' ' && c != ':' && !(c >= 'A' && c <= 'Z'), "a header's name is one word in lower case");
      demand(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a header's value is one line");
    }
    auto response = http::text_response(200, "text/plain", request.path + " " + std::to_string(request.body.size()));
    response.headers.emplace_back("X-Method", http::name_of(request.method));
    for (const auto& segment : request.segments) response.headers.emplace_back("X-Segment", segment);
    co_return response;
  }

 private:
  tests::TempFolder folder_;
  int files_ = 0;
};

struct Station {
  boost::asio::io_context loop{1};
  Listener listener;
  http::Server server{loop.get_executor(), {}, listener};
};

class Client {
 public:
  explicit Client(unsigned short port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("cannot connect");
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  void say(std::string_view bytes) {
    if (!bytes.empty() && ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("cannot send");
    ::shutdown(socket_, SHUT_WR);
  }
  // Takes what is there; false once the other side has ended.
  bool take(std::string& into) {
    char part[4096];
    const auto length = ::recv(socket_, part, sizeof part, MSG_DONTWAIT);
    if (length > 0) into.append(part, static_cast<std::size_t>(length));
    return length > 0 || (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
  }

 private:
  int socket_;
};

std::string_view field(std::string_view header, std::string_view name) {
  const auto begin = header.find(name);
  if (begin == std::string_view::npos) return {};
  const auto value = header.substr(begin + name.size());
  return value.substr(0, value.find("\r\n"));
}

// Answers one after the other, each whole (RFC 9112 section 6).
void check_answers(std::string_view answers) {
  while (!answers.empty()) {
    demand(answers.starts_with("HTTP/1.1 "), "an answer begins with its status line");
    const auto end = answers.find("\r\n\r\n");
    demand(end != std::string_view::npos, "a header is whole");
    const auto header = answers.substr(0, end + 2);
    const auto status = header.substr(9, 3);
    demand(status < "500", "no request breaks the server");
    answers.remove_prefix(end + 4);
    if (status == "100" || field(header, "\r\nX-Method: ") == "HEAD") continue;
    const auto length_text = field(header, "\r\nContent-Length: ");
    std::size_t length = 0;
    std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
    // Refusals of HEAD have a length and no body; whoever asked so is done then.
    if (answers.size() < length && status >= "400") return;
    demand(answers.size() >= length, "a body is whole");
    answers.remove_prefix(status >= "400" && answers.starts_with("HTTP/1.1 ") ? 0 : length);
  }
}

void connection(std::string_view bytes) {
  static Station station;
  Client client(station.server.port());
  client.say(bytes);
  std::string answers;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  station.loop.poll();
  for (auto had = answers.size(); client.take(answers); had = answers.size()) {
    demand(std::chrono::steady_clock::now() < deadline, "a connection ends when the other side does");
    if (had == answers.size()) station.loop.run_one_for(std::chrono::milliseconds(1));
    station.loop.poll();
  }
  station.loop.poll();
  check_answers(answers);
}

std::vector<std::string> connections() {
  return {"GET /a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n",
          "POST /buffer HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
          "PUT /file HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
          "POST /refuse HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
          "POST /buffer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
          "HEAD / HTTP/1.0\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "GET /%2e%2e/%00 HTTP/1.1\r\nHost: x\r\nX:  a \r\n b\r\n\r\n",
          "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
          "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"};
}

const Registration kConnection{{"http_connection", connection, connections, 4096}};

}  // namespace
}  // namespace loa::fuzz
