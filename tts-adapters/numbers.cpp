#include "tts-adapters/numbers.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace loa::tts {

namespace {

constexpr std::array<const char*, 10> kDigits{"không", "một", "hai", "ba",  "bốn",
                                              "năm",   "sáu", "bảy", "tám", "chín"};
constexpr std::uint64_t kBillion = 1'000'000'000;
constexpr std::size_t kMostDigits = 15;  // more is a code, not a count

void say(std::string& words, std::string_view word) {
  if (!words.empty()) words += ' ';
  words += word;
}

const char* unit_after_tens(unsigned tens, unsigned unit, const ReadingOptions& options) {
  if (unit == 5) return "lăm";
  if (tens > 1 && unit == 1) return "mốt";
  if (tens > 1 && unit == 4 && options.say_tu) return "tư";
  return kDigits[unit];
}

/// Three digits; `inner` when a higher group was said, so that hundreds are named even where they are zero.
void say_group(std::string& words, unsigned group, bool inner, const ReadingOptions& options) {
  const unsigned hundreds = group / 100, tens = group / 10 % 10, unit = group % 10;
  const bool with_hundreds = hundreds > 0 || inner;
  if (with_hundreds) {
    say(words, kDigits[hundreds]);
    say(words, "trăm");
  }
  if (tens == 0) {
    if (unit > 0 && with_hundreds) say(words, options.say_le ? "lẻ" : "linh");
    if (unit > 0) say(words, kDigits[unit]);
    return;
  }
  if (tens == 1) {
    say(words, "mười");
  } else {
    say(words, kDigits[tens]);
    say(words, "mươi");
  }
  if (unit > 0) say(words, unit_after_tens(tens, unit, options));
}

void say_number(std::string& words, std::uint64_t number, bool inner, const ReadingOptions& options) {
  if (number >= kBillion) {
    say_number(words, number / kBillion, inner, options);
    say(words, "tỷ");
    number %= kBillion;
    inner = true;
  }
  const std::array<std::pair<std::uint64_t, const char*>, 3> scales{
      {{1'000'000, "triệu"}, {1'000, options.say_ngan ? "ngàn" : "nghìn"}, {1, ""}}};
  for (const auto& [scale, name] : scales) {
    const auto group = static_cast<unsigned>(number / scale % 1000);
    if (group == 0) continue;
    say_group(words, group, inner, options);
    if (*name) say(words, name);
    inner = true;
  }
}

/// After the comma: "5" năm, "14" mười bốn, "05" không năm, "125" một hai năm.
std::string fraction_words(std::string_view digits, const ReadingOptions& options) {
  if (digits.size() > 2 || digits.front() == '0') return digit_words(digits);
  return number_words(std::stoull(std::string(digits)), options);
}

std::string whole_words(std::string_view digits, const ReadingOptions& options) {
  // Officials write "05 hộ" for five; a longer run with a leading zero is a code or a telephone.
  const bool code =
      digits.size() > kMostDigits || (digits.front() == '0' && digits.size() > 2) || digits == "00";
  return code ? digit_words(digits) : number_words(std::stoull(std::string(digits)), options);
}

bool is_grouped(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot > 3 || text.front() == '0') return false;
  for (auto rest = text.substr(dot); !rest.empty(); rest.remove_prefix(4))
    if (rest.size() < 4 || rest[0] != '.' || rest.substr(1, 3).find('.') != std::string_view::npos)
      return false;
  return true;
}

std::string without_dots(std::string_view text) {
  std::string digits(text);
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  return digits;
}

}  // namespace

std::string number_words(std::uint64_t number, const ReadingOptions& options) {
  if (number == 0) return kDigits[0];
  std::string words;
  say_number(words, number, false, options);
  return words;
}

std::string digit_words(std::string_view digits) {
  std::string words;
  for (const char digit : digits) say(words, kDigits[static_cast<std::size_t>(digit - '0')]);
  return words;
}

std::string written_number_words(std::string_view text, const ReadingOptions& options) {
  const auto comma = text.find(',');
  const auto whole = text.substr(0, comma);
  std::string words;
  if (is_grouped(whole)) {
    words = whole_words(without_dots(whole), options);
  } else {
    for (std::size_t from = 0; from <= whole.size();) {
      const auto dot = std::min(whole.find('.', from), whole.size());
      if (from > 0) say(words, "chấm");
      say(words, whole_words(whole.substr(from, dot - from), options));
      from = dot + 1;
    }
  }
  if (comma != std::string_view::npos) {
    say(words, "phẩy");
    say(words, fraction_words(text.substr(comma + 1), options));
  }
  return words;
}

std::string letter_words(std::u16string_view letters) {
  static const std::map<char16_t, const char*> kNames{
      {u'A', "a"},      {u'Ă', "á"},     {u'Â', "ớ"},  {u'B', "bê"},    {u'C', "xê"},    {u'D', "dê"},
      {u'Đ', "đê"},     {u'E', "e"},     {u'Ê', "ê"},  {u'F', "ép"},    {u'G', "giê"},   {u'H', "hát"},
      {u'I', "i"},      {u'J', "gi"},    {u'K', "ca"}, {u'L', "en lờ"}, {u'M', "em mờ"}, {u'N', "en nờ"},
      {u'O', "o"},      {u'Ô', "ô"},     {u'Ơ', "ơ"},  {u'P', "pê"},    {u'Q', "quy"},   {u'R', "e rờ"},
      {u'S', "ét xì"},  {u'T', "tê"},    {u'U', "u"},  {u'Ư', "ư"},     {u'V', "vê"},    {u'W', "vê kép"},
      {u'X', "ích xì"}, {u'Y', "i dài"}, {u'Z', "dét"}};
  std::string words;
  for (const char16_t letter : letters)
    if (const auto found = kNames.find(letter); found != kNames.end()) say(words, found->second);
  return words;
}

}  // namespace loa::tts
