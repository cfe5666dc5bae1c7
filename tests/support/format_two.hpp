#pragma once
#include "protocol/codec.hpp"
#include "protocol/formats.hpp"

namespace loa::tests {

/// A format that no release writes: format 1 with `v` 2 and one more field, enough for a strict reader of
/// format 1 to refuse it.
inline constexpr int kFormatTwo = 2;

/// `json` of format 1 as it would stand in format 2.
inline std::string as_format_two(const std::string& json) {
  return "{\"v\":2,\"mood\":\"calm\"" + json.substr(std::string{"{\"v\":1"}.size());
}

/// The writer to add to a controller's Formats under kFormatTwo.
inline protocol::FormatWriter format_two() {
  const auto write = [](const auto& value) { return as_format_two(protocol::encode(value)); };
  return {write, write, write, write, write, write};
}

}  // namespace loa::tests
