#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include "controller/http/problem.hpp"
#include "controller/http/server.hpp"
#include "controller/http/static_file.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::http {

/// Answers with what it was asked: /echo gives body, peer and scheme; /upload keeps the file's size; /file serves a file; /throw throws;
/// /events is a stream.
class EchoHandler final : public Handler {
 public:
  explicit EchoHandler(const std::filesystem::path& folder) : x_folder(folder) {}

  boost::asio::awaitable<BodyPlan> plan_body(const Request& head) override {
    BodyPlan plan = BufferBody{1000};
    if (head.path == "/upload") plan = FileBody{x_folder / "upload.part", 5'000'000};
    if (head.path == "/refuse") plan = problem_response({403, "no", "Not for you.", {}});
    co_return plan;
  }

  boost::asio::awaitable<Response> handle(Request request) override {
    if (request.path == "/throw") throw std::runtime_error("on purpose");
    if (request.path == "/file") co_return serve_file(request, x_folder / "file.bin", {"audio/ogg", "\"tag\"", true});
    if (request.path == "/events") {
      Response response;
      response.content_type = "text/event-stream";
      response.body = events;
      co_return response;
    }
    std::string text = request.peer + " " + (request.secure ? "https" : "http") + " " + request.body;
    if (request.file) text = std::to_string(request.file->size());
    co_return text_response(200, "text/plain", std::move(text));
  }

  std::shared_ptr<EventStream> events = std::make_shared<EventStream>(4);

 private:
  std::filesystem::path x_folder;
};

/// A server on a free port with its loop on a thread of its own.
class RunningServer {
 public:
  explicit RunningServer(ServerSettings settings = {})
      : handler(folder.path()), x_server(std::make_unique<Server>(x_loop.get_executor(), std::move(settings), handler)) {
    port = x_server->port();
    x_thread = std::thread([this] { x_loop.run(); });
  }
  ~RunningServer() {
    on_loop([this] { x_server->stop(); });
    x_work.reset();
    x_thread.join();
  }

  /// Runs `work` on the loop and waits for it.
  template <class F>
  std::invoke_result_t<F> on_loop(F work) {
    std::packaged_task<std::invoke_result_t<F>()> task(std::move(work));
    auto result = task.get_future();
    boost::asio::post(x_loop, [&task] { task(); });
    return result.get();
  }
  std::size_t connections() {
    return on_loop([this] { return x_server->connections(); });
  }
  Counts counts() {
    return on_loop([this] { return x_server->counts(); });
  }
  std::string base(const char* scheme = "http") const { return std::string(scheme) + "://127.0.0.1:" + std::to_string(port); }

  tests::TempFolder folder;
  EchoHandler handler;
  unsigned short port = 0;

 private:
  boost::asio::io_context x_loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work{x_loop.get_executor()};
  std::unique_ptr<Server> x_server;
  std::thread x_thread;
};

inline void write_file(const std::filesystem::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

/// Fifths of a second where a server otherwise waits for many.
inline ServerSettings impatient() {
  using namespace std::chrono_literals;
  ServerSettings settings;
  settings.limits.header = 200ms;
  settings.limits.read = 200ms;
  settings.limits.idle = 200ms;
  settings.limits.heartbeat = 50ms;
  return settings;
}

/// Waits for an event of the server by asking it; false after ten seconds.
inline bool eventually(RunningServer& server, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (holds()) return true;
    server.on_loop([] {});
  }
  return false;
}

}  // namespace loa::http
