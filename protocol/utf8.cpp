#include "protocol/utf8.hpp"

namespace loa::protocol {
namespace {

bool within(unsigned char byte, unsigned char low, unsigned char high) { return byte >= low && byte <= high; }

/// Length of the well-formed character at the start of `text` (table 3-7 of the Unicode Standard), 0 where
/// there is none.
std::size_t character_length(std::string_view text) {
  const auto at = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
  };
  const unsigned char lead = at(0);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  const bool tail2 = within(at(2), 0x80, 0xbf);
  if (within(lead, 0xc2, 0xdf)) return within(at(1), 0x80, 0xbf) ? 2 : 0;
  if (within(lead, 0xe0, 0xef)) {
    const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : 0xbf;
    return within(at(1), low, high) && tail2 ? 3 : 0;
  }
  if (within(lead, 0xf0, 0xf4)) {
    const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;
    return within(at(1), low, high) && tail2 && within(at(3), 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string printable(std::string_view text, std::size_t limit) {
  static constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    const bool shown = length > 0 && static_cast<unsigned char>(text[at]) >= 0x20;
    const std::string_view character = shown ? text.substr(at, length) : kReplacement;
    if (clean.size() + character.size() > limit) break;
    clean += character;
    at += length == 0 ? 1 : length;
  }
  return clean;
}

}  // namespace loa::protocol
