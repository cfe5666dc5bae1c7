#pragma once
#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tts-adapters/reading.hpp"

namespace loa::tts {

/// One match in the text: its groups as UTF-8, and what stands around it.
struct Found {
  std::vector<std::string> groups;  ///< 0 is the whole
  std::string
      word_before;  ///< the last word before it in lower case, blanks and ":" passed over; may be empty
  std::string two_before;   ///< the last two words before it, in lower case
  bool after_date = false;  ///< only "đến", "và", "-" or the like stands between it and a date
};

/// What a match says; nothing when it only looked like the rule.
using Say = std::optional<std::string> (*)(const Found& found, const ReadingOptions& options);

/// A pattern (ICU regular expression, matched at one place) and its words.
struct Rule {
  const char* pattern;
  Say say;
  bool is_date = false;
};

/// All rules, the first that speaks wins.
const std::vector<Rule>& rules();

/// Abbreviations: the area's own first, then the built-in ones.
std::optional<std::string> say_abbreviation(const Found& found, const ReadingOptions& options);
/// Numbers of legal documents: "100/2019/NĐ-CP".
std::optional<std::string> say_document(const Found& found, const ReadingOptions& options);

}  // namespace loa::tts
