#pragma once
#include <string>
#include <string_view>

namespace loa::tts {

/// What a built-in abbreviation stands for ("UBND" → "ủy ban nhân dân"); empty where it is not known.
std::string_view meaning_of(std::string_view abbreviation);

/// The kind of a legal document by its letters ("NĐ" → "nghị định"); empty where it is not known.
std::string_view document_kind(std::string_view letters);

/// Who issues a document by the letters in its number ("TTg" → "thủ tướng chính phủ"); empty where it is not
/// known.
std::string_view document_issuer(std::string_view letters);

}  // namespace loa::tts
