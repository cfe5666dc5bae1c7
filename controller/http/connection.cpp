#include "controller/http/connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <fstream>

#include "controller/http/address_key.hpp"
#include "controller/http/problem.hpp"
#include "controller/http/read_request.hpp"

namespace loa::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using PlainStream = beast::tcp_stream;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;
using Parser = wire::request_parser<wire::buffer_body>;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kChunk = 64 * 1024, kFirstRead = 4 * 1024;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Response failure_response() {
  return problem_response({500, "internal", "The controller failed at this request; its log says why.", {}});
}

template <class Stream>
class Connection final : public OpenConnection {
 public:
  template <class... Args>
  Connection(std::shared_ptr<Shared> shared, const asio::ip::address& address, Args&&... args)
      : x_shared(std::move(shared)), x_stream(std::forward<Args>(args)...), x_address(address.to_string()), x_key(address_key(address)) {
    x_shared->open.insert(this);
    ++x_shared->of_address[x_key];
    x_secure = x_shared->tls != nullptr;
  }
  ~Connection() override {
    x_shared->open.erase(this);
    if (--x_shared->of_address[x_key] == 0) x_shared->of_address.erase(x_key);
  }

  void close() override {
    if (auto events = x_events.lock()) events->close();
    beast::get_lowest_layer(x_stream).close();
  }

  asio::awaitable<void> run() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      limit(limits().handshake);
      auto [error] = co_await x_stream.async_handshake(asio::ssl::stream_base::server, kTuple);
      if (error == beast::error::timeout) ++counts().slow_handshake;
      if (error) co_return;
    }
    limit(limits().header);
    bool more = true;
    while (more) {
      more = co_await serve_one();
      if (more) more = co_await next_begins();
    }
    co_await finish();
  }

 private:
  const Limits& limits() const { return x_shared->settings.limits; }
  void limit(std::chrono::milliseconds time) { beast::get_lowest_layer(x_stream).expires_after(time); }

  Counts& counts() const { return x_shared->counts; }

  // Waits for the first byte of another request; its header then has the time of every header.
  asio::awaitable<bool> next_begins() {
    if (x_buffer.size() == 0) {
      limit(limits().idle);
      auto [error, bytes] = co_await x_stream.async_read_some(x_buffer.prepare(kFirstRead), kTuple);
      if (error) co_return false;
      x_buffer.commit(bytes);
    }
    limit(limits().header);
    co_return true;
  }

  // One request and its answer; false: the connection is to be closed.
  asio::awaitable<bool> serve_one() {
    Parser parser;
    parser.header_limit(limits().header_bytes);
    parser.body_limit(boost::none);
    auto [error, bytes] = co_await wire::async_read_header(x_stream, x_buffer, parser, kTuple);
    if (error == beast::error::timeout) ++counts().slow_header;
    if (error) {
      if (auto problem = header_problem(error)) co_await write(problem_response(*problem), false, false);
      co_return false;
    }
    Request request;
    if (auto problem = read_head(parser, request)) {
      co_await write(problem_response(*problem), false, false);
      co_return false;
    }
    x_secure = request.secure;
    const bool head_only = request.method == Method::head;
    auto refusal = co_await read_body(parser, request);
    if (x_cut) co_return false;
    const bool keep_alive = parser.is_done() && parser.keep_alive();
    if (refusal) co_return co_await write(std::move(*refusal), keep_alive, head_only);
    auto response = co_await answer(std::move(request));
    co_return co_await write(std::move(response), keep_alive, head_only);
  }

  static std::optional<Problem> header_problem(boost::system::error_code error) {
    if (error == wire::error::header_limit || error == wire::error::buffer_overflow)
      return Problem{431, "header_too_large", "The request's header is larger than this server takes.", {}};
    if (error == wire::error::end_of_stream || error == wire::error::partial_message) return {};
    if (error.category() == make_error_code(wire::error::bad_method).category())
      return Problem{400, "bad_request", "This is not HTTP/1.1: " + error.message() + ".", {}};
    return {};
  }

  std::optional<Problem> read_head(Parser& parser, Request& request) const {
    const auto& message = parser.get();
    if (message.version() >= 11 && message.count(wire::field::host) != 1)
      return Problem{400, "bad_request", "A request names its host once (RFC 9112 section 3.2).", {}};
    request.method = parse_method(std::string(message.method_string()));
    for (const auto& field : message)
      request.headers.emplace_back(lower_case(std::string(field.name_string())), std::string(field.value()));
    if (auto problem = read_peer(request, x_address, x_shared->tls != nullptr, x_shared->loopback,
                                 x_shared->settings.trusted_proxies))
      return problem;
    return read_target(request, std::string(message.target()));
  }

  // Reads the body as the handler wants it; a response where it is refused.
  asio::awaitable<std::optional<Response>> read_body(Parser& parser, Request& request) {
    std::optional<Response> refusal;
    BodyPlan plan;
    try {
      plan = co_await x_shared->handler->plan_body(request);
    } catch (const std::exception& e) {
      spdlog::error("{} {}: {}", name_of(request.method), request.path, e.what());
      plan = failure_response();
    }
    if (auto* response = std::get_if<Response>(&plan)) {
      refusal = std::move(*response);
      co_return refusal;
    }
    const auto* to_file = std::get_if<FileBody>(&plan);
    const auto most = to_file ? to_file->limit : std::get<BufferBody>(plan).limit;
    const auto length = parser.content_length();
    if (length && *length > most) {
      refusal = too_large(most);
      co_return refusal;
    }
    try {
      if (to_file) request.file.emplace(to_file->file);
      refusal = co_await receive(parser, request, most);
      if (request.file) request.file->close();
    } catch (const std::system_error& e) {
      spdlog::error("{} {}: {}", name_of(request.method), request.path, e.what());
      refusal = problem_response({507, "storage_failed", "The controller could not store what was sent.", {}});
    }
    co_return refusal;
  }

  static Response too_large(std::uint64_t most) {
    return problem_response(
        {413, "too_large", "The body is larger than the " + std::to_string(most) + " bytes that are taken here.", {}});
  }

  asio::awaitable<std::optional<Response>> receive(Parser& parser, Request& request, std::uint64_t most) {
    std::optional<Response> refusal;
    if (!parser.is_done() && lower_case(request.header("expect")) == "100-continue") co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
    std::vector<char> chunk(kChunk);
    const auto began = std::chrono::steady_clock::now();
    Pace pace{began, 0};
    std::uint64_t received = 0;
    while (!parser.is_done() && !x_cut) {
      auto& body = parser.get().body();
      body.data = chunk.data();
      body.size = chunk.size();
      body.more = true;
      limit(limits().read);
      auto [error, bytes] = co_await wire::async_read_some(x_stream, x_buffer, parser, kTuple);
      if (error == wire::error::need_buffer) error = {};
      const auto got = chunk.size() - parser.get().body().size;
      const auto now = std::chrono::steady_clock::now();
      const bool slow = error == beast::error::timeout || now > began + limits().body || !keeps_up(pace, now, got);
      if (slow) ++counts().slow_body;
      if (error || slow) {
        x_cut = true;
        break;
      }
      received += got;
      if (received > most) {
        refusal = too_large(most);
        co_return refusal;
      }
      if (request.file)
        request.file->append({chunk.data(), got});
      else
        request.body.append(chunk.data(), got);
    }
    co_return refusal;
  }

  struct Pace {
    std::chrono::steady_clock::time_point since;
    std::uint64_t bytes;
  };
  bool keeps_up(Pace& pace, std::chrono::steady_clock::time_point now, std::uint64_t got) const {
    pace.bytes += got;
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now - pace.since);
    if (passed < limits().pace) return true;
    const auto least = static_cast<std::uint64_t>(passed.count()) * limits().slowest / 1000;
    const bool enough = pace.bytes >= least;
    pace = {now, 0};
    return enough;
  }

  asio::awaitable<Response> answer(Request request) {
    Response response;
    const auto what = std::string(name_of(request.method)) + " " + request.path;
    try {
      response = co_await x_shared->handler->handle(std::move(request));
    } catch (const std::exception& e) {
      spdlog::error("{}: {}", what, e.what());
      response = failure_response();
    }
    co_return response;
  }

  // Sends the answer; false where the connection must end after it.
  asio::awaitable<bool> write(Response response, bool keep_alive, bool head_only) {
    if (const auto kind = response.status / 100; kind < counts().answers.size()) ++counts().answers[kind];
    if (auto* events = std::get_if<std::shared_ptr<EventStream>>(&response.body)) {
      auto stream = *events;
      if (co_await write_text(header_text(response, {}, false, x_secure)) && !head_only) co_await write_events(stream);
      stream->close();
      co_return false;
    }
    if (auto* slice = std::get_if<FileSlice>(&response.body)) {
      bool sent = co_await write_text(header_text(response, slice->length, keep_alive, x_secure));
      if (sent && !head_only) sent = co_await write_file(*slice);
      co_return sent && keep_alive;
    }
    const auto& body = std::get<std::string>(response.body);
    auto text = header_text(response, body.size(), keep_alive, x_secure);
    if (!head_only) text += body;
    const bool sent = co_await write_text(std::move(text));
    co_return sent && keep_alive;
  }

  asio::awaitable<bool> write_text(std::string text) {
    std::size_t done = 0;
    while (done < text.size()) {
      limit(limits().write);
      const auto part = std::min(kChunk, text.size() - done);
      auto [error, bytes] = co_await asio::async_write(x_stream, asio::buffer(text.data() + done, part), kTuple);
      if (error == beast::error::timeout) ++counts().slow_reader;
      if (error) co_return false;
      done += part;
    }
    co_return true;
  }

  asio::awaitable<bool> write_file(FileSlice slice) {
    std::ifstream file(slice.file, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(slice.offset));
    while (slice.length > 0) {
      std::string chunk(std::min<std::uint64_t>(kChunk, slice.length), '\0');
      if (!file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()))) co_return false;
      slice.length -= chunk.size();
      const bool sent = co_await write_text(std::move(chunk));
      if (!sent) co_return false;
    }
    co_return true;
  }

  asio::awaitable<void> write_events(std::shared_ptr<EventStream> events) {
    x_events = events;
    auto timer = std::make_shared<asio::steady_timer>(x_stream.get_executor());
    events->on_change([timer] { timer->cancel(); });
    bool open = co_await write_text(":\n\n");
    while (open) {
      while (auto text = events->pop()) {
        open = co_await write_text(std::move(*text));
        if (!open) break;
      }
      if (!open || events->closed()) break;
      timer->expires_after(limits().heartbeat);
      auto [error] = co_await timer->async_wait(kTuple);
      if (!error) open = co_await write_text(":\n\n");
    }
    events->on_change({});
  }

  // Says goodbye so that the last answer arrives: a close with unread bytes would reset the connection and lose it.
  asio::awaitable<void> finish() {
    limit(std::chrono::seconds(2));
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      if (!x_cut) co_await x_stream.async_shutdown(kTuple);
    }
    boost::system::error_code ignored;
    auto& socket = beast::get_lowest_layer(x_stream).socket();
    socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    std::vector<char> rest(kChunk);
    for (int reads = 0; reads < 64; ++reads) {
      auto [error, bytes] = co_await beast::get_lowest_layer(x_stream).async_read_some(asio::buffer(rest), kTuple);
      if (error) break;
    }
    beast::get_lowest_layer(x_stream).close();
  }

  std::shared_ptr<Shared> x_shared;
  Stream x_stream;
  std::string x_address;
  std::string x_key;  // what the bound on connections of one address counts by
  beast::flat_buffer x_buffer{256 * 1024};
  std::weak_ptr<EventStream> x_events;
  bool x_secure = false;  // TLS here, or at a trusted proxy
  bool x_cut = false;  // the body ended early: there is nobody to answer
};

template <class Stream>
asio::awaitable<void> keep(std::shared_ptr<Connection<Stream>> connection) {
  co_await connection->run();
}

void log_end(std::exception_ptr error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    spdlog::debug("connection ended: {}", e.what());
  }
}

}  // namespace

void start_connection(std::shared_ptr<Shared> shared, asio::ip::tcp::socket socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto address = socket.remote_endpoint(ignored).address();
  const auto executor = socket.get_executor();
  if (shared->tls) {
    auto& context = *shared->tls;
    auto connection = std::make_shared<Connection<TlsStream>>(std::move(shared), address, std::move(socket), context);
    asio::co_spawn(executor, keep(std::move(connection)), log_end);
  } else {
    auto connection = std::make_shared<Connection<PlainStream>>(std::move(shared), address, std::move(socket));
    asio::co_spawn(executor, keep(std::move(connection)), log_end);
  }
}

}  // namespace loa::http
