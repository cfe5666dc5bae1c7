#pragma once
#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/http/message.hpp"

namespace loa::http {

/// Bounds of one server; each time is for one wait, except `body`, which is for all of a body. Whoever is slower is cut off without an
/// answer: its connection counts as ended (Counts).
struct Limits {
  std::uint32_t header_bytes = 16 * 1024;
  std::size_t connections = 512;  ///< more are closed as they come
  /// Of one address (an IPv6 network of 64 bits); more are closed as they come. Trusted proxies bound their own clients.
  std::size_t connections_an_address = 128;
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds header{10'000};  ///< from accept, or the first byte of a later request, to the end of its header
  std::chrono::milliseconds idle{60'000};    ///< from one answer to the first byte of the next request
  std::chrono::milliseconds read{20'000};    ///< without a byte of the body
  std::chrono::milliseconds body{15 * 60'000};
  std::uint32_t slowest = 512;                    ///< bytes a second of a body, over each `pace` …
  std::chrono::milliseconds pace{30'000};
  std::chrono::milliseconds write{30'000};      ///< for each 64 KiB of an answer
  std::chrono::milliseconds heartbeat{15'000};  ///< between two lines of an event stream
};

/// What a server did since its start; nothing in it grows with who asks.
struct Counts {
  std::array<std::uint64_t, 6> answers{};  ///< by the first digit of their status; [0] is not used
  std::uint64_t refused_full = 0;          ///< connections beyond Limits::connections
  std::uint64_t refused_address = 0;       ///< … beyond connections_an_address
  std::uint64_t slow_handshake = 0, slow_header = 0, slow_body = 0, slow_reader = 0;  ///< connections ended for their pace
};

/// PEM files of the server's own certificate (with its chain) and key.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Where and how to listen. Without TLS only on a loopback address, or for the proxies named: then `X-Forwarded-Proto`, which they set
/// once, and the last address of `X-Forwarded-For`, of those and of nobody else, count.
struct ServerSettings {
  std::string address = "127.0.0.1";
  unsigned short port = 0;  ///< 0: any free one
  std::optional<TlsFiles> tls;
  std::vector<std::string> trusted_proxies;  ///< addresses, for example 10.0.0.2
  Limits limits;
};

/// Read the body into memory, up to this many bytes.
struct BufferBody {
  std::uint64_t limit = 1 << 20;
};
/// Stream the body into a new file, up to this many bytes; a body that is cut leaves nothing.
struct FileBody {
  std::filesystem::path file;
  std::uint64_t limit = 0;
};
/// What to do with a body before a byte of it is read; a Response refuses the request.
using BodyPlan = std::variant<BufferBody, FileBody, Response>;

/// Answers requests. Both run on the loop; what they throw is logged and answered with 500.
class Handler {
 public:
  virtual ~Handler() = default;
  /// Called once the header is there; `head` lives until the answer.
  virtual boost::asio::awaitable<BodyPlan> plan_body(const Request& head) = 0;
  virtual boost::asio::awaitable<Response> handle(Request request) = 0;
};

/// An HTTP/1.1 server (RFC 9112) on the loop. Settings that cannot work throw std::invalid_argument or
/// boost::system::system_error from the constructor. Made, used and destroyed on the loop; `handler` outlives it and the loop's last turn.
class Server {
 public:
  Server(boost::asio::any_io_executor loop, ServerSettings settings, Handler& handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port that it listens on.
  unsigned short port() const;
  /// Other certificate files for connections from now on; those that are open stay. Throws boost::system::system_error where they cannot
  /// work: the ones before stay in use.
  void use(const TlsFiles& files);
  /// Connections that are open now.
  std::size_t connections() const;
  Counts counts() const;
  /// Accepts nothing more and closes what is open.
  void stop();

 private:
  struct Listener;
  std::shared_ptr<Listener> x_listener;
};

}  // namespace loa::http
