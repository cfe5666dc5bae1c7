#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace loa::node {

/// Says one thing to the controller over HTTPS, past a broker that does not let the node in: each file address in turn, until one has
/// taken it. On a thread of its own, for at most kLimit an address. Certificates are checked against the authorities given and the host's name, without
/// their dates, because the board may not know the time and what it says is signed.
class Teller {
 public:
  ~Teller();

  /// POSTs `body` to `path` of the addresses, whose certificates are by an authority of `ca_pem`; what was told before and is still on its way is waited for.
  void tell(std::vector<std::string> addresses, std::string path, std::string body, std::string ca_pem);

  static constexpr long kLimitSeconds = 10;

 private:
  std::jthread thread_;
};

}  // namespace loa::node
