#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace loa::node {

/// Says one thing to the controller over HTTPS, past a broker that does not let the node in: each file address in turn, until one has
/// taken it. On a thread of its own, for at most kLimit an address. Certificates are checked against `ca_pem` and the host's name, without
/// their dates, because the board may not know the time and what it says is signed.
class Teller {
 public:
  explicit Teller(std::string ca_pem) : ca_pem_(std::move(ca_pem)) {}
  ~Teller();

  /// POSTs `body` to `path` of the addresses; what was told before and is still on its way is waited for.
  void tell(std::vector<std::string> addresses, std::string path, std::string body);

  static constexpr long kLimitSeconds = 10;

 private:
  std::string ca_pem_;
  std::jthread thread_;
};

}  // namespace loa::node
