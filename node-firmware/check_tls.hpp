#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "protocol/link_tls.hpp"

namespace loa::node {

/// Connects to a broker (`mqtts://host:port`) with TLS, proves who we are, and goes away without a word of MQTT, so that no session under our name ends. Says why
/// that failed, or nothing. Certificate dates are checked against `time`, and once more not at all where they are what is refused, as the link does.
std::optional<std::string> try_tls(const std::string& broker, const protocol::TlsIdentity& identity, std::optional<scheduler::TimePoint> time,
                                   std::chrono::milliseconds limit);

}  // namespace loa::node
