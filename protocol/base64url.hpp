#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace loa::protocol {

/// base64url without padding (RFC 4648 section 5, as RFC 7515 uses it).
std::string to_base64url(std::string_view bytes);

/// The bytes that `text` stands for; nothing where it is not exactly what to_base64url writes: padding, other
/// characters, an impossible length and non-zero unused bits are all refused, so that a text has one
/// spelling.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace loa::protocol
