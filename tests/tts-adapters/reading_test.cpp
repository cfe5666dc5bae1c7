#include "tts-adapters/reading.hpp"

#include <catch2/catch.hpp>

using loa::tts::reading;
using loa::tts::ReadingOptions;

namespace {

struct Row {
  const char* name;
  const char* text;
  const char* words;
};

template <std::size_t N>
void check(const Row (&rows)[N], const ReadingOptions& options = {}) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name << ": " << row.text) {
      const auto words = reading(row.text, options);
      REQUIRE(words);
      CHECK(*words == row.words);
    }
  }
}

}  // namespace

TEST_CASE("whole numbers are read as words") {
  const Row rows[] = {
      {"zero", "0", "không"},
      {"one digit", "7", "bảy"},
      {"ten", "10", "mười"},
      {"eleven keeps một", "11", "mười một"},
      {"fourteen keeps bốn", "14", "mười bốn"},
      {"fifteen says lăm", "15", "mười lăm"},
      {"twenty", "20", "hai mươi"},
      {"twenty-one says mốt", "21", "hai mươi mốt"},
      {"twenty-four says tư", "24", "hai mươi tư"},
      {"fifty-five says lăm", "55", "năm mươi lăm"},
      {"hundred", "100", "một trăm"},
      {"linh", "105", "một trăm linh năm"},
      {"linh before one", "101", "một trăm linh một"},
      {"hundred and ten", "110", "một trăm mười"},
      {"hundred and fifteen", "115", "một trăm mười lăm"},
      {"hundred and twenty-one", "121", "một trăm hai mươi mốt"},
      {"thousand", "1000", "một nghìn"},
      {"empty hundreds are said", "2001", "hai nghìn không trăm linh một"},
      {"year", "2025", "hai nghìn không trăm hai mươi lăm"},
      {"grouped by a dot", "1.000", "một nghìn"},
      {"million", "1.000.000", "một triệu"},
      {"million and more", "1.250.000", "một triệu hai trăm năm mươi nghìn"},
      {"zeros inside", "1.000.005", "một triệu không trăm linh năm"},
      {"zero hundreds of thousands", "1.005.000", "một triệu không trăm linh năm nghìn"},
      {"billion", "1.000.000.000", "một tỷ"},
      {"billion and one", "1.000.000.001", "một tỷ không trăm linh một"},
      {"the most", "999.000.000.000", "chín trăm chín mươi chín tỷ"},
      {"all groups", "999.999.999.999",
       "chín trăm chín mươi chín tỷ chín trăm chín mươi chín triệu chín trăm chín mươi chín nghìn chín trăm "
       "chín mươi chín"},
      {"officials' leading zero", "05 hộ", "năm hộ"},
      {"a code with a leading zero", "0905", "không chín không năm"},
      {"a very long number", "1234567890123456",
       "một hai ba bốn năm sáu bảy tám chín không một hai ba bốn năm sáu"},
      {"in a sentence", "Có 15 hộ, 21 người.", "Có mười lăm hộ, hai mươi mốt người."},
      {"at a full stop", "Năm 2025.", "Năm hai nghìn không trăm hai mươi lăm."},
      {"thứ 4", "thứ 4 hằng tuần", "thứ tư hằng tuần"},
      {"thứ 2", "Thứ 2", "Thứ hai"},
      {"tháng 4", "tháng 4", "tháng tư"},
      {"inside a word stays", "abc5", "abc5"},
  };
  check(rows);
}

TEST_CASE("decimals, percent and units are read as words") {
  const Row rows[] = {
      {"zeros after the comma", "0,05", "không phẩy không năm"},
      {"one digit", "2,5", "hai phẩy năm"},
      {"two digits", "3,14", "ba phẩy mười bốn"},
      {"three digits one by one", "1,125", "một phẩy một hai năm"},
      {"grouped with a comma", "1.250,5", "một nghìn hai trăm năm mươi phẩy năm"},
      {"a dot that does not group", "1.5", "một chấm năm"},
      {"a comma of the sentence", "5, 6", "năm, sáu"},
      {"percent", "20%", "hai mươi phần trăm"},
      {"percent after a blank", "20 %", "hai mươi phần trăm"},
      {"decimal percent", "0,5%", "không phẩy năm phần trăm"},
      {"money", "1.250.000 đồng", "một triệu hai trăm năm mươi nghìn đồng"},
      {"money by its sign", "50.000đ", "năm mươi nghìn đồng"},
      {"square metres", "120 m²", "một trăm hai mươi mét vuông"},
      {"speed", "40 km/h", "bốn mươi ki lô mét trên giờ"},
      {"temperature", "39°C", "ba mươi chín độ xê"},
      {"a word that begins like a unit", "5 mét", "năm mét"},
      {"a fraction", "1/2", "một phần hai"},
      {"more than one", "3/2", "ba trên hai"},
  };
  check(rows);
}

TEST_CASE("regions say numbers their own way") {
  ReadingOptions south;
  south.say_le = true;
  south.say_ngan = true;
  south.say_tu = false;
  const Row rows[] = {
      {"lẻ", "105", "một trăm lẻ năm"},
      {"ngàn", "1.000", "một ngàn"},
      {"bốn", "24", "hai mươi bốn"},
      {"both in one", "2004", "hai ngàn không trăm lẻ bốn"},
  };
  check(rows, south);
}

TEST_CASE("dates are read as words") {
  const Row rows[] = {
      {"alone", "30/12/2019", "ngày ba mươi tháng mười hai năm hai nghìn không trăm mười chín"},
      {"ngày is not doubled", "ngày 1/7/2025", "ngày một tháng bảy năm hai nghìn không trăm hai mươi lăm"},
      {"at the beginning of a sentence", "Ngày 01/07/2025",
       "Ngày một tháng bảy năm hai nghìn không trăm hai mươi lăm"},
      {"mùng", "mùng 2/9/1945", "mùng hai tháng chín năm một nghìn chín trăm bốn mươi lăm"},
      {"with dashes", "2-9-2025", "ngày hai tháng chín năm hai nghìn không trăm hai mươi lăm"},
      {"with dots", "2.9.2025", "ngày hai tháng chín năm hai nghìn không trăm hai mươi lăm"},
      {"April is tư", "30/4/1975", "ngày ba mươi tháng tư năm một nghìn chín trăm bảy mươi lăm"},
      {"day and month after ngày", "ngày 15/8", "ngày mười lăm tháng tám"},
      {"day and month after sáng", "sáng 15/8", "sáng ngày mười lăm tháng tám"},
      {"a span", "từ ngày 1/7 đến 15/7", "từ ngày một tháng bảy đến ngày mười lăm tháng bảy"},
      {"month and year", "tháng 7/2025", "tháng bảy năm hai nghìn không trăm hai mươi lăm"},
      {"month and year alone", "7/2025", "tháng bảy năm hai nghìn không trăm hai mươi lăm"},
      {"quarter and year", "quý 2/2025", "quý hai năm hai nghìn không trăm hai mươi lăm"},
      {"after số it is a number and a year", "số 12/2025",
       "số mười hai năm hai nghìn không trăm hai mươi lăm"},
      {"no such month", "30/13/2019", "ba mươi trên mười ba trên hai nghìn không trăm mười chín"},
  };
  check(rows);
}

TEST_CASE("times are read as words") {
  const Row rows[] = {
      {"hours and minutes", "7h30", "bảy giờ ba mươi"},
      {"hour alone", "7h", "bảy giờ"},
      {"full hour", "07h00", "bảy giờ"},
      {"few minutes need their word", "7h05", "bảy giờ năm phút"},
      {"phút is not doubled", "7h30 phút", "bảy giờ ba mươi phút"},
      {"phút is not doubled for few", "7h05 phút", "bảy giờ năm phút"},
      {"minute sign", "7h30'", "bảy giờ ba mươi phút"},
      {"written out", "7 giờ 30", "bảy giờ ba mươi"},
      {"written out with phút", "7 giờ 30 phút", "bảy giờ ba mươi phút"},
      {"clock", "07:30", "bảy giờ ba mươi"},
      {"clock with seconds", "07:30:15", "bảy giờ ba mươi phút mười lăm giây"},
      {"evening", "21h15", "hai mươi mốt giờ mười lăm"},
      {"no such minute", "7h75", "bảy h75"},
      {"time and date", "Lúc 7h30 ngày 15/8/2025",
       "Lúc bảy giờ ba mươi ngày mười lăm tháng tám năm hai nghìn không trăm hai mươi lăm"},
  };
  check(rows);
}

TEST_CASE("numbers of documents are read as number, year and type") {
  const Row rows[] = {
      {"decree", "100/2019/NĐ-CP", "một trăm năm hai nghìn không trăm mười chín nghị định chính phủ"},
      {"the kind is not said twice", "Nghị định số 100/2019/NĐ-CP",
       "Nghị định số một trăm năm hai nghìn không trăm mười chín của chính phủ"},
      {"nor without số", "Nghị định 100/2019/NĐ-CP",
       "Nghị định một trăm năm hai nghìn không trăm mười chín của chính phủ"},
      {"after Số:", "Số: 15/QĐ-UBND", "Số: mười lăm quyết định ủy ban nhân dân"},
      {"circular", "Thông tư 39/2020/TT-BTTTT",
       "Thông tư ba mươi chín năm hai nghìn không trăm hai mươi của bộ thông tin và truyền thông"},
      {"prime minister", "12/2024/QĐ-TTg",
       "mười hai năm hai nghìn không trăm hai mươi tư quyết định thủ tướng chính phủ"},
      {"resolution", "Nghị quyết số 08/NQ-HĐND", "Nghị quyết số tám của hội đồng nhân dân"},
      {"plan", "Kế hoạch 210/KH-UBND", "Kế hoạch hai trăm mười của ủy ban nhân dân"},
      {"law", "Luật số 72/2020/QH14",
       "Luật số bảy mươi hai năm hai nghìn không trăm hai mươi quốc hội khóa mười bốn"},
      {"an unknown type is spelled", "5/XYZ", "năm ích xì i dài dét"},
  };
  check(rows);
}

TEST_CASE("known abbreviations are read in full") {
  const Row rows[] = {
      {"UBND", "UBND xã", "ủy ban nhân dân xã"},
      {"HĐND", "HĐND", "hội đồng nhân dân"},
      {"MTTQ", "MTTQ", "mặt trận tổ quốc"},
      {"TDP", "TDP 5", "tổ dân phố năm"},
      {"BHYT", "thẻ BHYT", "thẻ bảo hiểm y tế"},
      {"BHXH", "BHXH", "bảo hiểm xã hội"},
      {"CCCD", "CCCD", "căn cước công dân"},
      {"VNeID", "VNeID", "vê en nờ e i đê"},
      {"PCCC", "PCCC", "phòng cháy chữa cháy"},
      {"ANTT", "ANTT", "an ninh trật tự"},
      {"ATGT", "ATGT", "an toàn giao thông"},
      {"TP", "TP Huế", "thành phố Huế"},
      {"TP.", "TP. Huế", "thành phố Huế"},
      {"TP. without a blank", "TP.Huế", "thành phố Huế"},
      {"TP.HCM", "TP.HCM", "thành phố Hồ Chí Minh"},
      {"P.", "P. Thuận Hóa", "phường Thuận Hóa"},
      {"P. with a number", "P.5", "phường năm"},
      {"TX", "TX Hương Trà", "thị xã Hương Trà"},
      {"at a full stop", "về UBND.", "về ủy ban nhân dân."},
      {"Covid-19", "Covid-19", "cô vít mười chín"},
      {"an unknown one stays", "ABCX", "ABCX"},
      {"only a whole word", "UBNDX", "UBNDX"},
      {"joined by a dash", "HĐND-UBND", "hội đồng nhân dân-ủy ban nhân dân"},
  };
  check(rows);
}

TEST_CASE("an area adds and replaces abbreviations") {
  ReadingOptions options;
  options.acronyms = {{"HTXNN", "hợp tác xã nông nghiệp"}, {"TDP", "tổ dân cư"}};
  CHECK(*reading("HTXNN và TDP 3", options) == "hợp tác xã nông nghiệp và tổ dân cư ba");
}

TEST_CASE("text is normalised to NFC and invisible characters go") {
  CHECK(*reading("Huế") == "Huế");
  CHECK(*reading("Hu\u200Bế") == "Huế");
  CHECK(*reading("\uFEFFXin chào") == "Xin chào");
  CHECK(*reading("UBND gửi HĐND") == "ủy ban nhân dân gửi hội đồng nhân dân");
}

TEST_CASE("line breaks and punctuation stay") {
  CHECK(*reading("Kính thưa bà con!\nHọp lúc 7h30, tại nhà văn hóa.\r\n") ==
        "Kính thưa bà con!\nHọp lúc bảy giờ ba mươi, tại nhà văn hóa.\r\n");
}

TEST_CASE("text that cannot be spoken is refused with the reason") {
  struct Bad {
    const char* name;
    std::string text;
    const char* code;
    const char* message;
  };
  const Bad rows[] = {
      {"empty", "", "text_empty", "there is no text to speak"},
      {"only blanks", " \n\t ", "text_empty", "there is no text to speak"},
      {"one megabyte", std::string(1 << 20, 'a'), "text_too_long",
       "the text has 1048576 bytes; at most 100000 are spoken"},
      {"a control character", std::string("abc\0def", 7), "text_invalid",
       "the text holds the control character U+0000 at byte 3"},
      {"an escape", "\x1b[31m", "text_invalid", "the text holds the control character U+001B at byte 0"},
      {"not UTF-8", "abc\xff", "text_invalid", "the text is not UTF-8 at byte 3"},
      {"a cut character", "Hu\xe1\xba", "text_invalid", "the text is not UTF-8 at byte 2"},
      {"an overlong character", "\xc0\xaf", "text_invalid", "the text is not UTF-8 at byte 0"},
      {"a surrogate", "\xed\xa0\x80", "text_invalid", "the text is not UTF-8 at byte 0"},
  };
  for (const Bad& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto words = reading(row.text);
      REQUIRE_FALSE(words);
      CHECK(words.error().code == row.code);
      CHECK(words.error().message == row.message);
    }
  }
}

TEST_CASE("the longest text is read in good time, whatever it repeats") {
  for (const std::string piece : {"UBND 100/2019/NĐ-CP 7h30 1.250.000 đồng 1/1/1 ", "A-", "A.", "1/", "1/A-", "1.", "1,", "1:", "1 ", "24/11/2026 ", "9", "A", "đ", "- "}) {
    INFO(piece);
    std::string text;
    while (text.size() < loa::tts::kMaxReadingBytes - 100) text += piece;
    const auto began = std::chrono::steady_clock::now();
    CHECK(reading(text));
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
  }
}
