#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "controller/http/event_stream.hpp"
#include "controller/http/temporary_file.hpp"

namespace loa::http {

/// The methods that are served; anything else is answered with 405.
enum class Method { get, head, post, put, patch, del, other };
const char* name_of(Method method);
/// The method of RFC 9110 called `name` ("DELETE"), or `other`.
Method parse_method(std::string_view name);

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// One request with its limits already enforced; moved, never copied, because it may own the uploaded file.
struct Request {
  Method method = Method::get;
  std::string path;                   ///< as sent, without the query
  std::vector<std::string> segments;  ///< of the path, percent-decoded
  Pairs query;                        ///< percent-decoded, in order
  Pairs headers;                      ///< names in lower case
  std::string peer;                   ///< address of who asked, of the proxy's client where the proxy is trusted
  bool secure = false;                ///< TLS here, or at a trusted proxy
  std::string body;                   ///< empty where `file` is set
  std::optional<TemporaryFile> file;  ///< the body, where plan_body() asked for a file

  /// The first header of that lower-case name, or empty.
  std::string_view header(std::string_view name) const;
  /// The first value of that name, or nothing.
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// The value of that cookie (RFC 6265 section 5.4), or empty.
  std::string_view cookie(std::string_view name) const;
};

/// A part of a file that is sent as a body; the file must not shrink while it is sent.
struct FileSlice {
  std::filesystem::path file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// What is sent back; security headers and the date are added on the way out.
struct Response {
  unsigned status = 200;
  std::string content_type;  ///< empty: no body
  Pairs headers;
  std::variant<std::string, FileSlice, std::shared_ptr<EventStream>> body;
};

/// A response with no body.
Response empty_response(unsigned status);
/// A response whose body is this text.
Response text_response(unsigned status, std::string content_type, std::string text);
/// "Not Found" for 404; "Unknown" for a status without a name.
std::string_view reason_phrase(unsigned status);

}  // namespace loa::http
