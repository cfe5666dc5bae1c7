#include "controller/http/message.hpp"

#include <array>

namespace loa::http {
namespace {

constexpr std::array<std::pair<Method, const char*>, 7> kMethods{{{Method::get, "GET"},
                                                                  {Method::head, "HEAD"},
                                                                  {Method::post, "POST"},
                                                                  {Method::put, "PUT"},
                                                                  {Method::patch, "PATCH"},
                                                                  {Method::del, "DELETE"},
                                                                  {Method::other, "OTHER"}}};

struct Phrase {
  unsigned status;
  std::string_view text;
};

constexpr Phrase kPhrases[] = {{200, "OK"},
                               {201, "Created"},
                               {202, "Accepted"},
                               {204, "No Content"},
                               {206, "Partial Content"},
                               {304, "Not Modified"},
                               {400, "Bad Request"},
                               {401, "Unauthorized"},
                               {403, "Forbidden"},
                               {404, "Not Found"},
                               {405, "Method Not Allowed"},
                               {408, "Request Timeout"},
                               {409, "Conflict"},
                               {413, "Content Too Large"},
                               {415, "Unsupported Media Type"},
                               {416, "Range Not Satisfiable"},
                               {422, "Unprocessable Content"},
                               {429, "Too Many Requests"},
                               {431, "Request Header Fields Too Large"},
                               {500, "Internal Server Error"},
                               {503, "Service Unavailable"},
                               {507, "Insufficient Storage"}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

const char* name_of(Method method) {
  for (const auto& [value, name] : kMethods)
    if (value == method) return name;
  return "OTHER";
}

Method parse_method(std::string_view name) {
  for (const auto& [value, text] : kMethods)
    if (name == text) return value;
  return Method::other;
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return {};
}

std::string_view Request::cookie(std::string_view name) const {
  std::string_view rest = header("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const auto pair = trimmed(rest.substr(0, end));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return {};
}

Response empty_response(unsigned status) {
  Response response;
  response.status = status;
  return response;
}

Response text_response(unsigned status, std::string content_type, std::string text) {
  Response response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = std::move(text);
  return response;
}

std::string_view reason_phrase(unsigned status) {
  for (const auto& phrase : kPhrases)
    if (phrase.status == status) return phrase.text;
  return "Unknown";
}

}  // namespace loa::http
