#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace loa::protocol {

/// Where the first byte stands that is no well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates);
/// nothing where all is well.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// `text` with U+FFFD for each byte that is no UTF-8 and for control characters, cut to at most `limit` bytes
/// between characters.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace loa::protocol
