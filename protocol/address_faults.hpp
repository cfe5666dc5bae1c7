#pragma once
#include <string>
#include <vector>

namespace loa::protocol {

/// Why each IP address of one host led nowhere, in one line.
class AddressFaults {
 public:
  /// Notes `why` `ip` failed; cut to kLongest bytes.
  void add(const std::string& ip, std::string why);
  /// Like "::1, 10.0.0.1: Connection refused; 10.0.0.2: no answer in time": addresses of one reason together, in the order in which they failed first.
  /// The reason alone where there is one address; empty where none failed.
  std::string text() const;

  static constexpr std::size_t kLongest = 160;

 private:
  struct Fault {
    std::string why;
    std::vector<std::string> ips;
  };
  std::vector<Fault> x_faults;
};

}  // namespace loa::protocol
