#include <unicode/unistr.h>

#include "tts-adapters/dictionary.hpp"
#include "tts-adapters/numbers.hpp"
#include "tts-adapters/rules.hpp"

namespace loa::tts {

namespace {

std::string spelled(const std::string& letters) {
  const auto upper = icu::UnicodeString::fromUTF8(letters).toUpper();
  return letter_words({upper.getBuffer(), static_cast<std::size_t>(upper.length())});
}

/// "QH14" is "quốc hội khóa mười bốn"; an unknown part is spelled, its number read.
std::string issuer_words(const std::string& part, const ReadingOptions& options) {
  const auto digits = std::min(part.find_first_of("0123456789"), part.size());
  const std::string letters = part.substr(0, digits);
  const auto known = document_issuer(letters);
  std::string words = known.empty() ? spelled(letters) : std::string(known);
  if (digits < part.size() && part.find_first_not_of("0123456789", digits) == std::string::npos)
    words += (known.empty() ? " " : " khóa ") + written_number_words(part.substr(digits), options);
  return words;
}

std::vector<std::string> parts_of(const std::string& type) {
  std::vector<std::string> parts(1);
  for (const char c : type)
    if (c == '-')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

}  // namespace

std::optional<std::string> say_document(const Found& found, const ReadingOptions& options) {
  std::string words = written_number_words(found.groups[1], options);
  if (!found.groups[2].empty()) words += " năm " + written_number_words(found.groups[2], options);
  auto parts = parts_of(found.groups[3]);
  const std::string kind(document_kind(parts.front()));
  // "Nghị định số 100/2019/NĐ-CP" names its kind already.
  const bool named = !kind.empty() && (found.two_before == kind || found.two_before == kind + " số" ||
                                       found.two_before.find(kind) != std::string::npos);
  if (!kind.empty()) {
    if (!named) words += " " + kind;
    parts.erase(parts.begin());
  }
  for (std::size_t i = 0; i < parts.size(); ++i)
    words += (i == 0 && named ? " của " : " ") + issuer_words(parts[i], options);
  return words;
}

}  // namespace loa::tts
