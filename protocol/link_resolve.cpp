#include "protocol/link_resolve.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace loa::protocol {

namespace {

struct Free {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

std::vector<std::string> resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  int error = getaddrinfo(host.c_str(), nullptr, &wanted, &list);
  if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {  // a loopback address where there is no network yet
    wanted.ai_flags = 0;
    error = getaddrinfo(host.c_str(), nullptr, &wanted, &list);
  }
  if (error != 0) throw std::runtime_error(host + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, Free> owner(list);
  std::vector<std::string> found;
  for (const auto* one = list; one && found.size() < kMostAddresses; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::find(found.begin(), found.end(), text.data()) == found.end()) found.emplace_back(text.data());
  }
  if (found.empty()) throw std::runtime_error(host + ": no address");
  return found;
}

}  // namespace loa::protocol
