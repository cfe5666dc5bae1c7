#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace loa::tests {

/// A TCP proxy on the loopback (or `address`) that stands between a node and a server and behaves as bad lines and bad servers do. It sees
/// bytes only, so TLS goes through. Plain until something is ordered. One thread a connection; everything here may be called from any.
class SlowProxy {
 public:
  /// What happens to bytes from now on.
  struct Rules {
    std::chrono::milliseconds delay{0};  ///< in each direction
    std::int64_t rate = 0;               ///< bytes a second toward the client; 0: as fast as they come
    std::int64_t cut_after = 0;          ///< closes a connection once it gave the client so many bytes; 0: never
    bool drop_new = false;               ///< takes a connection and closes it at once
    bool hold_new = false;               ///< takes a connection and never gives a byte on
    bool hold_to_client = false;         ///< keeps what the server says
    bool hold_to_server = false;         ///< keeps what the client says
  };

  /// Listens at once on `address`:`port` (0: any free one); the server is at the same address. Throws std::system_error where it cannot.
  SlowProxy(std::uint16_t server_port, std::string address = "127.0.0.1", std::uint16_t port = 0);
  ~SlowProxy();
  SlowProxy(const SlowProxy&) = delete;
  SlowProxy& operator=(const SlowProxy&) = delete;

  std::uint16_t port() const { return port_; }
  void obey(const Rules& rules);
  /// Gives everything on as it is.
  void behave() { obey({}); }
  /// Ends every connection; they may come again.
  void cut();
  /// The connections that stand now never give another byte on and are never closed; new ones are as the rules say.
  void freeze();
  /// Connections taken so far.
  int connections() const { return connections_; }
  /// Bytes given to clients and servers so far.
  std::int64_t to_client() const { return to_client_; }
  std::int64_t to_server() const { return to_server_; }

 private:
  struct Line;
  void accept();
  void serve(const std::shared_ptr<Line>& line);
  Rules rules() const;

  std::uint16_t server_port_;
  std::string address_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  mutable std::mutex mutex_;
  Rules rules_;
  std::vector<std::shared_ptr<Line>> lines_;
  std::vector<std::thread> threads_;
  std::atomic<bool> ending_{false};
  std::atomic<int> connections_{0};
  std::atomic<std::int64_t> to_client_{0}, to_server_{0};
  std::thread thread_;
};

}  // namespace loa::tests
