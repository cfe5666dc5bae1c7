#include "protocol/stream_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace loa::protocol {
namespace {

constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Refusal malformed(std::string why) { return {RefusalCode::malformed, "", std::move(why)}; }

/// What of an address no reader may meet; empty: nothing.
std::string wrong_characters(std::string_view url) {
  constexpr std::string_view kOthers = "-._~:/?[]@!$&'()*+,;=%";
  for (std::size_t i = 0; i < url.size(); ++i) {
    const char c = url[i];
    if (c == '#') return "it has a # part, which no server is ever sent";
    if (!is_letter(c) && !is_digit(c) && kOthers.find(c) == std::string_view::npos)
      return "it has a space, a letter beyond a to z or a sign that no address has; write it in % form";
    if (c == '%' && (i + 2 >= url.size() || !is_hex(url[i + 1]) || !is_hex(url[i + 2]))) return "a % is not followed by two hex digits";
  }
  return {};
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

// libcurl and others read "127.1", "2130706433" and "0x7f.0.0.1" as addresses: whatever ends like a number must be four plain ones.
bool ends_like_number(std::string_view host) {
  const auto last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  return std::all_of(last.begin(), last.end(), is_digit) || last.starts_with("0x") || last.starts_with("0X");
}

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > kMaxHost) return false;
  for (std::size_t from = 0;;) {
    const auto dot = host.find('.', from);
    if (!is_label(host.substr(from, dot == std::string_view::npos ? dot : dot - from))) return false;
    if (dot == std::string_view::npos) return true;
    from = dot + 1;
  }
}

/// The shortest spelling of an IPv6 address in brackets; empty where it is none.
std::string six_of(std::string_view host) {
  in6_addr address{};
  char text[INET6_ADDRSTRLEN] = {};
  if (::inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &address) != 1) return {};
  return ::inet_ntop(AF_INET6, &address, text, sizeof text) ? fmt::format("[{}]", text) : "";
}

bool is_four(std::string_view host) {
  in_addr address{};
  return ::inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

std::optional<std::uint16_t> port_of(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 || port > 65535) return {};
  return static_cast<std::uint16_t>(port);
}

/// The host in its one spelling; empty where it is none.
std::string host_of(std::string_view text) {
  if (text.starts_with('[')) return six_of(text);
  if (!is_name(text) || (ends_like_number(text) && !is_four(text))) return {};
  std::string host(text);
  for (char& c : host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return host;
}

}  // namespace

Result<StreamAddress> parse_stream_address(std::string_view url) {
  if (url.size() > kMaxStreamAddress)
    return Refusal{RefusalCode::too_large, "", fmt::format("{} bytes where {} are the most", url.size(), kMaxStreamAddress)};
  if (auto why = wrong_characters(url); !why.empty()) return malformed(std::move(why));
  StreamAddress address;
  address.tls = url.starts_with("https://");
  if (!address.tls && !url.starts_with("http://")) return malformed("it begins with neither https:// nor http://");
  if (!address.tls) address.port = 80;
  const auto rest = url.substr(url.find("//") + 2);
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) return malformed("it names a user or a password");
  const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return malformed("the bracket of its host is not closed");
  const auto colon = authority.find(':', bracket);
  const auto host = authority.substr(0, colon);
  if (host.starts_with('[') && !host.ends_with(']')) return malformed("something stands behind the bracket of its host");
  address.host = host_of(host);
  if (address.host.empty()) return malformed("it has no host, or one that is neither a name nor an address");
  if (colon == std::string_view::npos) return address;
  const auto port = port_of(authority.substr(colon + 1));
  if (!port) return malformed("its port is not a number from 1 to 65535");
  address.port = *port;
  return address;
}

}  // namespace loa::protocol
