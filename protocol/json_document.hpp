#pragma once
#include <boost/json/value.hpp>
#include <string_view>

#include "protocol/refusal.hpp"

namespace loa::protocol {

/// Parses one JSON text (RFC 8259) on Boost.JSON, more strictly than it does by itself: a doubled key is
/// refused with its JSON pointer, as are invalid UTF-8 and more than kMaxDepth levels; fractions are rounded
/// correctly. The caller bounds the size.
Result<boost::json::value> parse_json(std::string_view text);

}  // namespace loa::protocol
