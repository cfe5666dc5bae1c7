#include "tts-adapters/rules.hpp"

#include <algorithm>
#include <set>

#include "tts-adapters/dictionary.hpp"
#include "tts-adapters/numbers.hpp"

namespace loa::tts {

namespace {

using Words = std::optional<std::string>;

unsigned value(const std::string& digits) {
  return digits.empty() ? 0 : static_cast<unsigned>(std::stoul(digits));
}

std::string words_of(unsigned number, const ReadingOptions& options) { return number_words(number, options); }

std::string month_words(unsigned month, const ReadingOptions& options) {
  return "tháng " + (month == 4 ? std::string("tư") : words_of(month, options));
}

bool is_day(unsigned day) { return day >= 1 && day <= 31; }
bool is_month(unsigned month) { return month >= 1 && month <= 12; }
bool is_year(unsigned year) { return year >= 1000 && year <= 2999; }

/// True after a word with which "ngày" would be doubled.
bool has_day_word(const Found& found) {
  static const std::set<std::string> kWords{"ngày", "mùng", "mồng"};
  return kWords.count(found.word_before) > 0;
}

Words say_full_date(const Found& found, const ReadingOptions& options) {
  const unsigned day = value(found.groups[1]), month = value(found.groups[3]), year = value(found.groups[4]);
  if (!is_day(day) || !is_month(month) || !is_year(year)) return {};
  return (has_day_word(found) ? "" : "ngày ") + words_of(day, options) + " " + month_words(month, options) +
         " năm " + words_of(year, options);
}

Words say_day_and_month(const Found& found, const ReadingOptions& options) {
  static const std::set<std::string> kBefore{"ngày", "mùng",  "mồng", "hôm", "sáng",
                                             "trưa", "chiều", "tối",  "đêm"};
  const unsigned day = value(found.groups[1]), month = value(found.groups[2]);
  if (!is_day(day) || !is_month(month)) return {};
  if (!found.after_date && kBefore.count(found.word_before) == 0) return {};
  return (has_day_word(found) ? "" : "ngày ") + words_of(day, options) + " " + month_words(month, options);
}

Words say_month_and_year(const Found& found, const ReadingOptions& options) {
  const unsigned month = value(found.groups[1]), year = value(found.groups[2]);
  if (!is_year(year)) return {};
  const std::string of_year = " năm " + words_of(year, options);
  // "quý 2/2025", "số 12/2025", "đợt 1/2025": the year of something counted, not a month.
  static const std::set<std::string> kCounted{"quý", "số", "đợt", "kỳ", "khóa", "lần", "vụ"};
  if (kCounted.count(found.word_before)) return words_of(month, options) + of_year;
  if (!is_month(month)) return {};
  const std::string words = month_words(month, options) + of_year;
  return found.word_before == "tháng" ? words.substr(std::string("tháng ").size()) : words;
}

Words say_fraction(const Found& found, const ReadingOptions& options) {
  const bool part = value(found.groups[1]) < value(found.groups[2]);
  return written_number_words(found.groups[1], options) + (part ? " phần " : " trên ") +
         written_number_words(found.groups[2], options);
}

/// "30/13/2019": looks like a date and is none.
Words say_chain(const Found& found, const ReadingOptions& options) {
  std::string words;
  for (std::size_t from = 0; from <= found.groups[1].size();) {
    const auto slash = std::min(found.groups[1].find('/', from), found.groups[1].size());
    words +=
        (from ? " trên " : "") + written_number_words(found.groups[1].substr(from, slash - from), options);
    from = slash + 1;
  }
  return words;
}

std::string time_words(unsigned hour, unsigned minute, bool minute_word_follows,
                       const ReadingOptions& options) {
  std::string words = words_of(hour, options) + " giờ";
  if (minute == 0 && !minute_word_follows) return words;
  words += " " + words_of(minute, options);
  // "bảy giờ ba mươi" is how it is said; "bảy giờ năm" alone would not be understood.
  if (minute < 10 && !minute_word_follows) words += " phút";
  return words;
}

/// 7h30, 7h, 07:30, 7g30; group 3 is "phút" or "'" where it follows.
Words say_time(const Found& found, const ReadingOptions& options) {
  const unsigned hour = value(found.groups[1]), minute = value(found.groups[2]);
  if (hour > 24 || minute > 59) return {};
  const bool minutes_said = !found.groups[3].empty();
  return time_words(hour, minute, minutes_said, options) + (minutes_said ? " phút" : "");
}

Words say_clock(const Found& found, const ReadingOptions& options) {
  const unsigned hour = value(found.groups[1]), minute = value(found.groups[2]);
  if (hour > 24 || minute > 59) return {};
  if (found.groups[3].empty()) return time_words(hour, minute, false, options);
  const unsigned second = value(found.groups[3]);
  if (second > 59) return {};
  return time_words(hour, minute, true, options) + " phút " + words_of(second, options) + " giây";
}

/// What may follow a number directly or after a blank.
std::string unit_words(const std::string& unit) {
  static const std::map<std::string, std::string> kUnits{{"%", "phần trăm"},
                                                         {"‰", "phần nghìn"},
                                                         {"°C", "độ xê"},
                                                         {"km/h", "ki lô mét trên giờ"},
                                                         {"km²", "ki lô mét vuông"},
                                                         {"km2", "ki lô mét vuông"},
                                                         {"m²", "mét vuông"},
                                                         {"m2", "mét vuông"},
                                                         {"m³", "mét khối"},
                                                         {"m3", "mét khối"},
                                                         {"km", "ki lô mét"},
                                                         {"cm", "xen ti mét"},
                                                         {"mm", "mi li mét"},
                                                         {"m", "mét"},
                                                         {"kg", "ki lô gam"},
                                                         {"ha", "héc ta"},
                                                         {"đ", "đồng"},
                                                         {"VNĐ", "đồng"},
                                                         {"VND", "đồng"}};
  const auto found = kUnits.find(unit);
  return found == kUnits.end() ? std::string() : found->second;
}

Words say_number(const Found& found, const ReadingOptions& options) {
  const std::string& number = found.groups[1];
  if ((found.word_before == "tháng" || found.word_before == "thứ") && number == "4") return "tư";
  if (found.word_before == "thứ" && number == "1") return "nhất";
  std::string words = written_number_words(number, options);
  if (!found.groups[2].empty()) words += " " + unit_words(found.groups[2]);
  return words;
}

/// "TP. Huế", "P.5": the dot belongs to the abbreviation only where a name or number follows.
Words say_place(const Found& found, const ReadingOptions&) {
  const std::string& letters = found.groups[1];
  if (letters == "P") return "phường ";
  return letters == "TX" || letters == "Tx" ? "thị xã " : "thành phố ";
}

}  // namespace

std::optional<std::string> say_abbreviation(const Found& found, const ReadingOptions& options) {
  // The longest known beginning that ends where a word ends: "TP.HCM" before "TP".
  std::string key = found.groups[0];
  if (const auto own = options.acronyms.find(key); own != options.acronyms.end()) return own->second;
  const auto known = meaning_of(key);
  return known.empty() ? std::nullopt : Words(std::string(known));
}

const std::vector<Rule>& rules() {
  // A place is tried only where no letter or digit stands before it; every pattern ends where none follows. Repeats are bounded where a rule
  // may match and then not speak: a text that is one long chain would otherwise be read to its end at each of its places.
  static const std::vector<Rule> kRules{
      {R"((\d{1,6})/(?:(\d{4})/)?(\p{Lu}[\p{L}]*[0-9]{0,2}(?:-\p{Lu}[\p{L}]*[0-9]{0,2}){0,8})(?![\p{L}\d]))",
       say_document},
      {R"((\d{1,2})([/\-.])(\d{1,2})\2(\d{4})(?![\p{L}\d/]))", say_full_date, true},
      {R"((\d{1,2})/(\d{4})(?![\p{L}\d/]))", say_month_and_year},
      {R"((\d{1,2})/(\d{1,2})(?![\p{L}\d/]))", say_day_and_month, true},
      {R"((\d{1,6})/(\d{1,6})(?![\p{L}\d/]))", say_fraction},
      {R"((\d{1,6}(?:/\d{1,6}){2,20})(?![\p{L}\d/]))", say_chain},
      {R"((\d{1,2})[hHgG](\d{2})?(?![\p{L}\d])(\s?(?:phút(?!\p{L})|'))?)", say_time},
      {R"((\d{1,2}):(\d{2})(?::(\d{2}))?(?![\p{L}\d:]))", say_clock},
      {R"((\d+(?:\.\d+)*(?:,\d+)?)\s?(%|‰|°C|km/h|km²|km2|m²|m2|m³|m3|km|cm|mm|kg|ha|VNĐ|VND|đ|m)(?![\p{L}\d]))",
       say_number},
      {R"((\d+(?:\.\d+)*(?:,\d+)?)())", say_number},
      {R"((TP|Tp|tp|TX|Tx|P)\.\s?(?=\p{Lu}\p{Ll}|\d))", say_place},
      {R"(\p{Lu}[\p{L}\d]*(?:[.\-][\p{L}\d]+){1,8}(?![\p{L}\d]))", say_abbreviation},
      {R"(\p{Lu}[\p{L}\d]*)", say_abbreviation},
  };
  return kRules;
}

}  // namespace loa::tts
