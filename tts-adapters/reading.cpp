#include "tts-adapters/reading.hpp"

#include <fmt/format.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <stdexcept>

#include "tts-adapters/rules.hpp"

namespace loa::tts {

namespace {

void must(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) throw std::runtime_error(std::string(what) + ": " + u_errorName(status));
}

/// Why the text is refused, or nothing.
std::optional<Problem> fault_of(std::string_view text) {
  if (text.size() > kMaxReadingBytes)
    return Problem{"text_too_long", fmt::format("the text has {} bytes; at most {} are spoken", text.size(),
                                                kMaxReadingBytes)};
  bool blank = true;
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    const auto begin = at;
    UChar32 c = 0;
    U8_NEXT(text.data(), at, size, c);
    if (c < 0) return Problem{"text_invalid", fmt::format("the text is not UTF-8 at byte {}", begin)};
    if (u_charType(c) == U_CONTROL_CHAR && c != '\t' && c != '\n' && c != '\r')
      return Problem{"text_invalid",
                     fmt::format("the text holds the control character U+{:04X} at byte {}", c, begin)};
    blank = blank && (u_isUWhiteSpace(c) || u_charType(c) == U_FORMAT_CHAR);
  }
  if (blank) return Problem{"text_empty", "there is no text to speak"};
  return {};
}

/// NFC, without the invisible format characters that break words apart.
icu::UnicodeString normalised(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(status);
  must(status, "NFC");
  auto whole = nfc->normalize(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), status);
  must(status, "NFC");
  icu::UnicodeString clean;
  for (std::int32_t at = 0; at < whole.length(); at = whole.moveIndex32(at, 1))
    if (const UChar32 c = whole.char32At(at); u_charType(c) != U_FORMAT_CHAR) clean.append(c);
  return clean;
}

std::string utf8(const icu::UnicodeString& text) {
  std::string bytes;
  return text.toUTF8String(bytes);
}

class Reader {
 public:
  Reader(icu::UnicodeString text, const ReadingOptions& options) : text_(std::move(text)), options_(options) {
    for (const Rule& rule : rules()) {
      UErrorCode status = U_ZERO_ERROR;
      auto matcher =
          std::make_unique<icu::RegexMatcher>(icu::UnicodeString::fromUTF8(rule.pattern), 0, status);
      must(status, rule.pattern);
      matcher->reset(text_);
      matcher->useTransparentBounds(true);
      matchers_.push_back(std::move(matcher));
    }
  }

  std::string words() {
    while (at_ < text_.length()) {
      if (begins_word() && take()) continue;
      const auto next = text_.moveIndex32(at_, 1);
      text_.tempSubStringBetween(at_, next).toUTF8String(out_);
      at_ = next;
    }
    return std::move(out_);
  }

 private:
  bool begins_word() const {
    const UChar32 c = text_.char32At(at_);
    return u_isalnum(c) && (at_ == 0 || !u_isalnum(text_.char32At(text_.moveIndex32(at_, -1))));
  }

  bool take() {
    for (std::size_t i = 0; i < matchers_.size(); ++i) {
      UErrorCode status = U_ZERO_ERROR;
      auto& matcher = *matchers_[i];
      matcher.region(at_, text_.length(), status);
      if (!matcher.lookingAt(status) || U_FAILURE(status)) continue;
      const auto end = matcher.end(status);
      const auto said = rules()[i].say(found(matcher), options_);
      if (!said) continue;
      put(*said, end);
      if (rules()[i].is_date) date_end_ = end;
      return true;
    }
    return false;
  }

  /// "7h30sáng", "50.000đ/kg": words never run into the letters around them.
  void put(const std::string& said, std::int32_t end) {
    out_ += said;
    at_ = end;
    if (said.back() != ' ' && at_ < text_.length() && u_isalnum(text_.char32At(at_))) out_ += ' ';
  }

  Found found(const icu::RegexMatcher& matcher) const {
    Found found;
    for (std::int32_t group = 0; group <= matcher.groupCount(); ++group) {
      UErrorCode status = U_ZERO_ERROR;
      found.groups.push_back(utf8(matcher.group(group, status)));
    }
    auto before = at_;
    const auto last = word_before(before);
    const auto earlier = word_before(before);
    found.word_before = utf8(last);
    found.two_before = utf8(earlier + " " + last);
    // Three words reach back over "số" to a kind of two words.
    if (found.word_before == "số") found.two_before = utf8(word_before(before)) + " " + found.two_before;
    found.after_date = date_end_ > 0 && at_ - date_end_ <= kLongestJoin && joins_dates(text_.tempSubStringBetween(date_end_, at_));
    return found;
  }

  static constexpr std::int32_t kLongestJoin = 20;  // "đến hết" and the blanks around it

  static bool joins_dates(icu::UnicodeString between) {
    const auto word = utf8(between.trim());
    for (const char* join : {"đến", "tới", "và", "-", "–", ",", "đến hết", "hoặc"})
      if (word == join) return true;
    return false;
  }

  /// The word that ends before `end`, in lower case; moves `end` to its beginning.
  icu::UnicodeString word_before(std::int32_t& end) const {
    while (end > 0 && (u_isUWhiteSpace(text_.charAt(end - 1)) || text_.charAt(end - 1) == ':')) --end;
    auto begin = end;
    while (begin > 0 && u_isalpha(text_.charAt(begin - 1))) --begin;
    icu::UnicodeString word(text_, begin, end - begin);
    end = begin;
    return word.toLower(icu::Locale("vi"));
  }

  const icu::UnicodeString text_;
  const ReadingOptions& options_;
  std::vector<std::unique_ptr<icu::RegexMatcher>> matchers_;
  std::string out_;
  std::int32_t at_ = 0;
  std::int32_t date_end_ = 0;
};

}  // namespace

Result<std::string> reading(std::string_view text, const ReadingOptions& options) {
  if (auto fault = fault_of(text)) return *fault;
  std::string words = Reader(normalised(text), options).words();
  return words;
}

}  // namespace loa::tts
