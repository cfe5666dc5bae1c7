#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "tts-adapters/reading.hpp"

namespace loa::tts {

/// A whole number in Vietnamese words: 105 "một trăm linh năm", 1 000 005 "một triệu không trăm linh năm".
std::string number_words(std::uint64_t number, const ReadingOptions& options);

/// Digits one by one: "0905" is "không chín không năm".
std::string digit_words(std::string_view digits);

/// A written number: grouped by dots or not, with a decimal comma or not ("1.250.000", "0,05", "2,5", "05",
/// "1.5").
std::string written_number_words(std::string_view text, const ReadingOptions& options);

/// Vietnamese names of letters, for abbreviations that no dictionary knows; other characters are left out.
std::string letter_words(std::u16string_view letters);

}  // namespace loa::tts
