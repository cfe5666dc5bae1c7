#include "protocol/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/base64url.hpp"
#include "protocol/hash.hpp"
#include "protocol/limits.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "protocol/utf8.hpp"

namespace loa::protocol {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

template <class Allowed>
bool each(std::string_view text, Allowed allowed) {
  return std::all_of(text.begin(), text.end(), allowed);
}

bool is_plain_text(std::string_view text) {
  return each(text, [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

bool is_occurrence_id(std::string_view text) {
  return each(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
  });
}

bool is_word(std::string_view text) {
  return each(text, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_signature(std::string_view text) {
  const auto bytes = from_base64url(text);
  return bytes && bytes->size() == 64;
}

bool is_language(std::string_view text) {
  return each(text, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_address(std::string_view text) {
  return each(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_base64url(std::string_view text) { return from_base64url(text).has_value(); }

TextRule or_empty(TextRule rule) {
  rule.may_be_empty = true;
  return rule;
}

}  // namespace

TextRule text(std::size_t most) { return {most, true, &is_plain_text, "a text without control characters"}; }
TextRule name(std::size_t most) { return {most, false, &is_plain_text, "a text without control characters"}; }
TextRule diagnostic(std::size_t most) { return {most, true, nullptr, "a text", true}; }
TextRule id() { return {64, false, &is_id, "an id of A-Z a-z 0-9 . _ -"}; }
TextRule id_or_empty() { return or_empty(id()); }
TextRule occurrence_id_rule() { return {160, false, &is_occurrence_id, "an occurrence id"}; }
TextRule occurrence_id_or_empty() { return or_empty(occurrence_id_rule()); }
TextRule area_id() { return {40, false, &is_area_id, "an area id of a-z 0-9 -"}; }
TextRule sha256() { return {64, false, &is_sha256_hex, "a SHA-256 of 64 lower-case hex digits"}; }
TextRule sha256_or_empty() { return or_empty(sha256()); }
TextRule nonce_or_empty() { return {22, true, &is_nonce, "a nonce of 22 base64url characters"}; }
TextRule signature() { return {86, false, &is_signature, "a signature of 86 base64url characters"}; }
TextRule certificate_text() {
  return {kMaxAuthority, false, &is_base64url, "base64url without padding"};
}
TextRule word() { return {40, true, &is_word, "a word of a-z 0-9 _"}; }
TextRule language_tag() { return {35, true, &is_language, "a language tag"}; }
TextRule address() { return {kMaxUrl, false, &is_address, "an address of printable ASCII"}; }
TextRule address_or_empty() { return or_empty(address()); }

std::optional<Refusal> broken(std::string_view value, const TextRule& rule) {
  if (value.size() > rule.most) {
    return Refusal{RefusalCode::too_large, "",
                   fmt::format("{} bytes where {} are the most", value.size(), rule.most)};
  }
  if (value.empty()) {
    if (rule.may_be_empty) return std::nullopt;
    return Refusal{RefusalCode::malformed, "", fmt::format("empty where {} is needed", rule.what)};
  }
  if (first_invalid_utf8(value)) return Refusal{RefusalCode::malformed, "", "not UTF-8"};
  if (rule.fits && !rule.fits(value)) {
    return Refusal{RefusalCode::malformed, "",
                   fmt::format("\"{}\" is not {}", printable(value, 40), rule.what)};
  }
  return std::nullopt;
}

std::optional<Refusal> broken(std::int64_t value, const Range& rule) {
  if (value >= rule.low && value <= rule.high) return std::nullopt;
  return Refusal{RefusalCode::malformed, "",
                 fmt::format("{} is not within {} and {}", value, rule.low, rule.high)};
}

std::optional<Refusal> broken(double value, const RealRange& rule) {
  if (value >= rule.low && value <= rule.high) return std::nullopt;
  return Refusal{RefusalCode::malformed, "",
                 fmt::format("{} is not within {} and {}", value, rule.low, rule.high)};
}

std::optional<Refusal> broken_count(std::size_t count, std::size_t least, std::size_t most) {
  if (count > most) {
    return Refusal{RefusalCode::too_large, "", fmt::format("{} elements where {} are the most", count, most)};
  }
  if (count < least) {
    return Refusal{RefusalCode::malformed, "", fmt::format("{} elements where {} are needed", count, least)};
  }
  return std::nullopt;
}

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (char c : printable(name, 60)) {
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += c;
  }
  return step;
}

}  // namespace loa::protocol
