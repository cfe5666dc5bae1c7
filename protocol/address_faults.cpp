#include "protocol/address_faults.hpp"

#include <algorithm>

#include "protocol/utf8.hpp"

namespace loa::protocol {

void AddressFaults::add(const std::string& ip, std::string why) {
  why = printable(why, kLongest);
  const auto known = std::find_if(x_faults.begin(), x_faults.end(), [&](const Fault& one) { return one.why == why; });
  if (known != x_faults.end())
    known->ips.push_back(ip);
  else
    x_faults.push_back({std::move(why), {ip}});
}

std::string AddressFaults::text() const {
  if (x_faults.size() == 1 && x_faults[0].ips.size() == 1) return x_faults[0].why;
  std::string text;
  for (const auto& fault : x_faults) {
    if (!text.empty()) text += "; ";
    for (std::size_t i = 0; i < fault.ips.size(); ++i) text += (i == 0 ? "" : ", ") + fault.ips[i];
    text += ": " + fault.why;
  }
  return text;
}

}  // namespace loa::protocol
