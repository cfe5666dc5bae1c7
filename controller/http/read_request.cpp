#include "controller/http/read_request.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <ctime>

namespace loa::http {
namespace {

namespace urls = boost::urls;

Problem bad_forwarding(const std::string& what) {
  return {400, "bad_forwarding", "The proxy in front forwards what cannot be read: " + what + ".", {}};
}

Problem bad_target() { return {400, "bad_target", "The request target is not a valid path.", {}}; }

// Forms as browsers send them use `+` for a space; Boost.URL leaves that to the caller.
std::string decoded(urls::pct_string_view text) {
  urls::encoding_opts options;
  options.space_as_plus = true;
  return text.decode(options);
}

std::vector<std::string_view> all_headers(const Request& request, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : request.headers)
    if (key == name) values.push_back(value);
  return values;
}

std::string_view last_of_list(std::string_view field) {
  const auto comma = field.rfind(',');
  if (comma != std::string_view::npos) field.remove_prefix(comma + 1);
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
  return field;
}

constexpr std::string_view kSecurityHeaders =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), display-capture=()\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n";

// A year, as RFC 6797 section 6.1 writes it; a plain answer must not carry it (section 7.2).
constexpr std::string_view kTransportSecurity = "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";

// An answer for programs, opened by mistake in a window, is saved and not shown.
bool is_for_programs(const Response& response) {
  return response.content_type == "application/json" || response.content_type == "application/problem+json";
}

bool has_header(const Response& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [name](const auto& header) { return header.first == name; });
}

// A value that could start another field or answer never leaves.
std::string one_line(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return text;
}

}  // namespace

std::optional<Problem> read_target(Request& request, std::string_view target) {
  const auto url = urls::parse_origin_form(target);
  if (!url) return bad_target();
  request.path = std::string(url->encoded_path());
  for (const auto& segment : url->encoded_segments()) request.segments.push_back(segment.decode());
  if (request.segments.size() == 1 && request.segments.front().empty()) request.segments.clear();
  for (const auto& parameter : url->encoded_params())
    request.query.emplace_back(decoded(parameter.key), decoded(parameter.value));
  return {};
}

std::optional<Problem> read_peer(Request& request, const std::string& address, bool tls, bool loopback_listener,
                                 const std::vector<std::string>& trusted_proxies) {
  request.peer = address;
  request.secure = tls;
  const bool proxy = std::find(trusted_proxies.begin(), trusted_proxies.end(), address) != trusted_proxies.end();
  if (proxy && !tls) {
    const auto schemes = all_headers(request, "x-forwarded-proto");
    if (schemes.size() > 1) return bad_forwarding("X-Forwarded-Proto stands there more than once; let the proxy set it, not add to it");
    const auto clients = all_headers(request, "x-forwarded-for");
    if (!clients.empty()) {
      // Some proxies add to the client's list, others a line below the client's: what comes last is always theirs.
      boost::system::error_code error;
      const auto client = boost::asio::ip::make_address(std::string(last_of_list(clients.back())), error);
      if (error) return bad_forwarding("the last of X-Forwarded-For is no IP address");
      request.peer = client.to_string();
    }
    request.secure = schemes == std::vector<std::string_view>{"https"};
    // A proxy on this machine that passes nothing on may be a person's own tool; one that says http is refused.
    if (request.secure || (loopback_listener && (schemes.empty() || schemes.front().empty()))) return {};
  } else if (tls || loopback_listener) {
    return {};
  }
  return Problem{403, "https_required", "This address is served over HTTPS only.", {}};
}

std::string header_text(const Response& response, std::optional<std::uint64_t> length, bool keep_alive, bool secure) {
  auto text = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S GMT}\r\n", response.status,
                          reason_phrase(response.status), fmt::gmtime(std::time(nullptr)));
  if (!response.content_type.empty()) text += fmt::format("Content-Type: {}\r\n", one_line(response.content_type));
  if (length && response.status != 204 && response.status != 304) text += fmt::format("Content-Length: {}\r\n", *length);
  if (!has_header(response, "Cache-Control")) text += "Cache-Control: no-store\r\n";
  if (is_for_programs(response)) text += "Content-Disposition: attachment; filename=\"api.json\"\r\n";
  for (const auto& [name, value] : response.headers) text += fmt::format("{}: {}\r\n", name, one_line(value));
  if (!keep_alive) text += "Connection: close\r\n";
  if (secure) text += kTransportSecurity;
  return text.append(kSecurityHeaders).append("\r\n");
}

}  // namespace loa::http
