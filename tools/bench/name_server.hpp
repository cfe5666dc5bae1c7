#pragma once
#include <atomic>
#include <string>
#include <thread>

namespace loa::bench {

/// A name server (RFC 1035, UDP) that knows one name with one IPv4 address, and of every other says that it has nothing. A thread of its own.
class NameServer {
 public:
  /// Listens on `address`, port 53, which needs root. Throws std::system_error where it cannot.
  NameServer(std::string name, const std::string& address);
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

 private:
  void serve();
  std::string answer(const std::string& question) const;

  std::string name_;
  std::string address_;  ///< four bytes, the highest first
  int socket_ = -1;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace loa::bench
