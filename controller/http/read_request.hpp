#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.hpp"
#include "controller/http/problem.hpp"

namespace loa::http {

/// Takes `target` (origin form, RFC 9112 section 3.2.1) apart into path, segments and query; a problem where it is not one.
std::optional<Problem> read_target(Request& request, std::string_view target);

/// What a plain connection may do, and who asks: fills `peer` and `secure`. A problem where only TLS is allowed.
std::optional<Problem> read_peer(Request& request, const std::string& address, bool tls, bool loopback_listener,
                                 const std::vector<std::string>& trusted_proxies);

/// Status line and fields of an answer, security headers included, up to and with the empty line. `length` is left out of
/// answers that have no body by their status (RFC 9110 section 8.6).
/// `secure`: it goes out over TLS, so that the client is told to use nothing else from now on (RFC 6797).
std::string header_text(const Response& response, std::optional<std::uint64_t> length, bool keep_alive, bool secure = false);

}  // namespace loa::http
