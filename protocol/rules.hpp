#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/refusal.hpp"

namespace loa::protocol {

/// T is X or const X: one description then serves reading and writing.
template <class T, class X>
concept DescribedAs = std::same_as<std::remove_const_t<T>, X>;

/// For values that bound themselves: bool, enums, times, keys, objects.
struct Anything {};

/// Bounds of a whole number, or of a duration in milliseconds.
struct Range {
  std::int64_t low;
  std::int64_t high;
};

/// Bounds of a number with a fraction.
struct RealRange {
  double low;
  double high;
};

/// What a text may be; `fits` sees only texts that are neither empty nor too long.
struct TextRule {
  std::size_t most;
  bool may_be_empty = true;
  bool (*fits)(std::string_view text) = nullptr;
  const char* what = "a text";
  bool cut_when_written = false;  ///< a text for people whose length nobody else bounds
};

/// How many elements a list may have, and the rule of each.
template <class Each = Anything>
struct List {
  std::size_t least;
  std::size_t most;
  Each each{};
};

/// A text with line breaks and tabs, without other control characters.
TextRule text(std::size_t most);
/// The same, not empty: what something is called by.
TextRule name(std::size_t most);
/// The same for what is written for people about an error: the writer cuts it and replaces what cannot be
/// printed.
TextRule diagnostic(std::size_t most);
/// See is_id.
TextRule id();
TextRule id_or_empty();
/// The ids that scheduler makes: an id with "@" too, to 160 bytes.
TextRule occurrence_id_rule();
TextRule occurrence_id_or_empty();
TextRule area_id();
TextRule sha256();
TextRule sha256_or_empty();
TextRule nonce_or_empty();
/// An Ed25519 signature: 86 characters of base64url.
TextRule signature();
/// base64url of at most kMaxAuthority characters; whether it is a certificate is for authorities.hpp.
TextRule certificate_text();
/// A stable word, `[a-z0-9_]`, to 40 bytes; may be empty.
TextRule word();
/// BCP 47 tag or empty.
TextRule language_tag();
/// Printable ASCII without spaces.
TextRule address();
TextRule address_or_empty();

inline constexpr Range kCount{0, std::numeric_limits<std::int64_t>::max()};
inline constexpr Range kRevision{0, (std::int64_t{1} << 53) - 1};  ///< exact in every JSON reader
inline constexpr Range kPercent{0, 100};
inline constexpr Range kMinuteOfDay{0, 24 * 60};
inline constexpr Range kDurationMs{0, std::int64_t{366} * 24 * 60 * 60 * 1000};
inline constexpr Range kTimeMs{0, 253'402'300'799'999};  ///< 1970 to the end of the year 9999
inline constexpr RealRange kLevel{-200.0, 100.0};        ///< dBFS
inline constexpr RealRange kCelsius{-100, 200};
inline constexpr Range kMillivolts{0, 1'000'000};

/// What is wrong with a value under a rule, with `where` empty; nothing where it fits.
std::optional<Refusal> broken(std::string_view value, const TextRule& rule);
std::optional<Refusal> broken(std::int64_t value, const Range& rule);
std::optional<Refusal> broken(double value, const RealRange& rule);
std::optional<Refusal> broken_count(std::size_t count, std::size_t least, std::size_t most);

/// A name as one step of a JSON pointer (RFC 6901), cut so that a hostile name stays short.
std::string pointer_step(std::string_view name);

}  // namespace loa::protocol
