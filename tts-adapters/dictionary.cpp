#include "tts-adapters/dictionary.hpp"

#include <algorithm>
#include <utility>

namespace loa::tts {

namespace {

using Entry = std::pair<std::string_view, std::string_view>;

constexpr Entry kAbbreviations[] = {
    {"ANTT", "an ninh trật tự"},
    {"ATGT", "an toàn giao thông"},
    {"ATTP", "an toàn thực phẩm"},
    {"BHXH", "bảo hiểm xã hội"},
    {"BHYT", "bảo hiểm y tế"},
    {"CCCD", "căn cước công dân"},
    {"COVID-19", "cô vít mười chín"},
    {"Covid-19", "cô vít mười chín"},
    {"HTX", "hợp tác xã"},
    {"HĐND", "hội đồng nhân dân"},
    {"MTTQ", "mặt trận tổ quốc"},
    {"PCCC", "phòng cháy chữa cháy"},
    {"PCTT", "phòng chống thiên tai"},
    {"TDP", "tổ dân phố"},
    {"THCS", "trung học cơ sở"},
    {"THPT", "trung học phổ thông"},
    {"TKCN", "tìm kiếm cứu nạn"},
    {"TP", "thành phố"},
    {"TP.HCM", "thành phố Hồ Chí Minh"},
    {"TPHCM", "thành phố Hồ Chí Minh"},
    {"TX", "thị xã"},
    {"UBMTTQ", "ủy ban mặt trận tổ quốc"},
    {"UBND", "ủy ban nhân dân"},
    {"VNeID", "vê en nờ e i đê"},
};

constexpr Entry kKinds[] = {
    {"BC", "báo cáo"},
    {"CT", "chỉ thị"},
    {"CV", "công văn"},
    {"CĐ", "công điện"},
    {"HD", "hướng dẫn"},
    {"KH", "kế hoạch"},
    {"KL", "kết luận"},
    {"NQ", "nghị quyết"},
    {"NĐ", "nghị định"},
    {"QĐ", "quyết định"},
    {"TB", "thông báo"},
    {"TT", "thông tư"},
    {"TTLT", "thông tư liên tịch"},
    {"TTr", "tờ trình"},
    {"VBHN", "văn bản hợp nhất"},
};

constexpr Entry kIssuers[] = {
    {"BCA", "bộ công an"},
    {"BCT", "bộ công thương"},
    {"BGDĐT", "bộ giáo dục và đào tạo"},
    {"BKHCN", "bộ khoa học và công nghệ"},
    {"BNNMT", "bộ nông nghiệp và môi trường"},
    {"BNNPTNT", "bộ nông nghiệp và phát triển nông thôn"},
    {"BNV", "bộ nội vụ"},
    {"BQP", "bộ quốc phòng"},
    {"BTC", "bộ tài chính"},
    {"BTNMT", "bộ tài nguyên và môi trường"},
    {"BTP", "bộ tư pháp"},
    {"BTTTT", "bộ thông tin và truyền thông"},
    {"BVHTTDL", "bộ văn hóa, thể thao và du lịch"},
    {"BXD", "bộ xây dựng"},
    {"BYT", "bộ y tế"},
    {"CP", "chính phủ"},
    {"HĐND", "hội đồng nhân dân"},
    {"QH", "quốc hội"},
    {"TANDTC", "tòa án nhân dân tối cao"},
    {"TTCS", "cục thông tin cơ sở"},
    {"TTg", "thủ tướng chính phủ"},
    {"UBND", "ủy ban nhân dân"},
    {"UBTVQH", "ủy ban thường vụ quốc hội"},
    {"VKSNDTC", "viện kiểm sát nhân dân tối cao"},
    {"VPCP", "văn phòng chính phủ"},
    {"VPQH", "văn phòng quốc hội"},
};

template <std::size_t N>
std::string_view look_up(const Entry (&table)[N], std::string_view key) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const Entry& entry) { return entry.first == key; });
  return found == std::end(table) ? std::string_view() : found->second;
}

}  // namespace

std::string_view meaning_of(std::string_view abbreviation) { return look_up(kAbbreviations, abbreviation); }
std::string_view document_kind(std::string_view letters) { return look_up(kKinds, letters); }
std::string_view document_issuer(std::string_view letters) { return look_up(kIssuers, letters); }

}  // namespace loa::tts
