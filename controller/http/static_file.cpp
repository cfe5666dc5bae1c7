#include "controller/http/static_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>

#include "controller/http/problem.hpp"

namespace loa::http {
namespace {

enum class RangeKind { whole, part, unsatisfiable };
struct Range {
  RangeKind kind = RangeKind::whole;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// A Range field that is not one single valid byte range is ignored, as RFC 9110 section 14.2 allows.
Range parse_range(std::string_view field, std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!field.starts_with(unit)) return {};
  field.remove_prefix(unit.size());
  const auto dash = field.find('-');
  if (dash == std::string_view::npos || field.find(',') != std::string_view::npos) return {};
  const auto from = field.substr(0, dash);
  const auto to = field.substr(dash + 1);
  if (from.empty()) {
    const auto suffix = number(to);
    if (!suffix) return {};
    if (*suffix == 0 || size == 0) return {RangeKind::unsatisfiable};
    return {RangeKind::part, *suffix >= size ? 0 : size - *suffix, size - 1};
  }
  const auto first = number(from);
  const auto last = to.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : number(to);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {RangeKind::unsatisfiable};
  return {RangeKind::part, *first, *last < size ? *last : size - 1};
}

bool lists_etag(std::string_view field, std::string_view etag) {
  if (field == "*") return true;
  while (!field.empty()) {
    const auto end = field.find(',');
    auto one = field.substr(0, end);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
    field = end == std::string_view::npos ? std::string_view{} : field.substr(end + 1);
  }
  return false;
}

Response not_found() { return problem_response({404, "not_found", "There is nothing at this address.", {}}); }

std::string content_type_of(const std::filesystem::path& file) {
  static constexpr std::pair<std::string_view, const char*> types[] = {
      {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
      {".png", "image/png"},                 {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},              {".json", "application/json"},
      {".webmanifest", "application/manifest+json"}, {".txt", "text/plain; charset=utf-8"}};
  const auto extension = file.extension().string();
  for (const auto& [name, type] : types)
    if (extension == name) return type;
  return "application/octet-stream";
}

bool is_plain_name(const std::string& segment) {
  return !segment.empty() && segment.front() != '.' && segment.find('/') == std::string::npos &&
         segment.find('\0') == std::string::npos && segment.find('\\') == std::string::npos;
}

}  // namespace

Response serve_file(const Request& request, const std::filesystem::path& file, const FileOptions& options) {
  struct ::stat info {};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return not_found();
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const auto etag = options.etag.empty()
                        ? fmt::format("\"{:x}-{:x}{:08x}\"", size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
                        : options.etag;
  Response response;
  response.headers = {{"ETag", etag},
                      {"Accept-Ranges", "bytes"},
                      {"Cache-Control", options.immutable ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (lists_etag(request.header("if-none-match"), etag)) {
    response.status = 304;
    return response;
  }
  const auto if_range = request.header("if-range");
  const bool ranges_count = if_range.empty() || if_range == etag;
  const auto range = ranges_count ? parse_range(request.header("range"), size) : Range{};
  if (range.kind == RangeKind::unsatisfiable) {
    auto refusal = problem_response({416, "range_not_satisfiable", "The range lies outside the file.", {}});
    refusal.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
    return refusal;
  }
  response.content_type = options.content_type;
  response.body = FileSlice{file, 0, size};
  if (range.kind == RangeKind::part) {
    response.status = 206;
    response.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.last, size));
    response.body = FileSlice{file, range.first, range.last - range.first + 1};
  }
  return response;
}

Response serve_page(const Request& request, const std::filesystem::path& root) {
  auto file = root;
  bool assets = false;
  auto segments = request.segments;
  if (segments.empty() || segments.back().find('.') == std::string::npos) segments = {"index.html"};
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!is_plain_name(segments[i])) return not_found();
    if (i == 0) assets = segments[i] == "assets";
    file /= segments[i];
  }
  return serve_file(request, file, {content_type_of(file), {}, assets});
}

}  // namespace loa::http
