#pragma once
#include <map>
#include <string>
#include <string_view>

#include "tts-adapters/synthesizer.hpp"

namespace loa::tts {

/// How a region says numbers, and what its abbreviations stand for.
struct ReadingOptions {
  bool say_le = false;    ///< 105: "một trăm lẻ năm" (South) instead of "linh" (North)
  bool say_ngan = false;  ///< 1000: "một ngàn" instead of "một nghìn"
  bool say_tu = true;     ///< 24: "hai mươi tư" instead of "hai mươi bốn"
  /// Abbreviations of an area, beside and before those that are built in ("TDP" → "tổ dân phố").
  std::map<std::string, std::string> acronyms;
};

/// Bytes that reading() takes at most; more is refused as `text_too_long`.
inline constexpr std::size_t kMaxReadingBytes = 100'000;

/// Vietnamese text as it is to be spoken: NFC, and numbers, dates, times, document numbers, units and known
/// abbreviations as words; everything else, punctuation and line breaks included, stays. Refuses text that is
/// empty or only blanks, too long, not UTF-8, or holds control characters other than tab, line feed and
/// carriage return. Pure; any thread.
Result<std::string> reading(std::string_view text, const ReadingOptions& options = {});

}  // namespace loa::tts
