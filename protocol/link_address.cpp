#include "protocol/link_address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace loa::protocol {

namespace {

constexpr std::size_t kMaxAddress = 300;
constexpr std::string_view kScheme = "mqtts://";

Refusal refused(std::string_view text, const char* what) {
  return {RefusalCode::malformed, "broker address",
          fmt::format("{}, wanted mqtts://host:port: {}", what, text.substr(0, kMaxAddress))};
}

bool host_character(char c, bool v6) {
  const bool digit = c >= '0' && c <= '9';
  if (v6) return digit || c == ':' || c == '.' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  return digit || c == '-' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

Result<BrokerAddress> parse_broker_address(std::string_view text) {
  if (text.size() > kMaxAddress) return refused(text, "longer than 300 characters");
  if (!text.starts_with(kScheme)) return refused(text, "the scheme is not mqtts");
  const std::string_view rest = text.substr(kScheme.size());
  const bool v6 = rest.starts_with('[');
  const std::size_t bracket = v6 ? rest.find(']') : 0;
  if (bracket == std::string_view::npos) return refused(text, "the bracket is not closed");
  const std::size_t colon = rest.find(':', bracket);
  if (colon == std::string_view::npos || (v6 && colon != bracket + 1)) return refused(text, "no port");
  const std::string_view host = v6 ? rest.substr(1, bracket - 1) : rest.substr(0, colon);
  if (host.empty() || !std::all_of(host.begin(), host.end(), [v6](char c) { return host_character(c, v6); }))
    return refused(text, "not a host name");
  const std::string_view digits = rest.substr(colon + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535)
    return refused(text, "not a port number from 1 to 65535");
  return BrokerAddress{std::string(host), static_cast<std::uint16_t>(port)};
}

void AddressRound::set(std::vector<Target> targets) {
  if (targets.empty()) return;
  const auto same = std::find(targets.begin(), targets.end(), present());
  at_ = same == targets.end() ? 0 : static_cast<std::size_t>(same - targets.begin());
  targets_ = std::move(targets);
}

std::vector<AddressRound::Target> read_targets(const std::vector<std::string>& texts) {
  std::vector<AddressRound::Target> targets;
  for (const auto& text : texts) {
    auto address = parse_broker_address(text);
    if (!address) continue;
    AddressRound::Target target{text, std::move(*address)};
    if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace loa::protocol
