#include "tools/loa/client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <memory>

namespace loa::tool {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxAnswerBytes = 64u << 20;
constexpr std::size_t kPage = 200;  // the most items that the controller gives at once
constexpr long kConnectSeconds = 5;
constexpr long kAnswerSeconds = 30;
constexpr long kUploadSeconds = 3600;

struct CurlCloser {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

struct Answer {
  std::string body;
  std::string cookie;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& answer = *static_cast<Answer*>(to);
  if (answer.body.size() + size * count > kMaxAnswerBytes) return 0;
  answer.body.append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* to) {
  const std::string_view line(data, size * count);
  constexpr std::string_view start = "set-cookie: __Host-loa_session=";
  if (line.size() > start.size() && strncasecmp(line.data(), start.data(), start.size()) == 0)
    static_cast<Answer*>(to)->cookie = std::string(line.substr(start.size(), line.find(';') - start.size()));
  return size * count;
}

int tell_progress(void* to, curl_off_t, curl_off_t, curl_off_t total, curl_off_t sent) {
  const auto& progress = *static_cast<const Progress*>(to);
  if (progress && total > 0) progress(static_cast<int>(100 * sent / total));
  return 0;
}

ExitCode code_of(long status) {
  if (status == 401 || status == 403) return kNotAllowed;
  if (status == 404) return kNotFound;
  return kRefused;
}

/// The problem+json of a refusal (RFC 9457) as one sentence, with the parts it names.
CommandError error_of(long status, const std::string& body) {
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error || !value.is_object()) return {code_of(status), fmt::format("the controller answered {}", status)};
  const auto& problem = value.as_object();
  const auto text = [](const json::object& object, const char* key) {
    const auto* found = object.if_contains(key);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  auto sentence = fmt::format("{} ({})", text(problem, "detail"), text(problem, "code"));
  if (const auto* parts = problem.if_contains("errors"); parts && parts->is_array())
    for (const auto& part : parts->as_array())
      if (part.is_object())
        sentence += fmt::format("\n  {}: {}", text(part.as_object(), "pointer"), text(part.as_object(), "detail"));
  return {code_of(status), sentence, text(problem, "code")};
}

}  // namespace

struct Client::Body {
  std::string text;
  std::string content_type = "application/json";
  std::FILE* file = nullptr;
  curl_off_t file_bytes = 0;
  Progress progress;
};

json::value Client::post(const std::string& path, const json::value& body) {
  const Body sent{json::serialize(body)};
  return request("POST", path, &sent);
}

json::value Client::put(const std::string& path, const json::value& body) {
  const Body sent{json::serialize(body)};
  return request("PUT", path, &sent);
}

json::value Client::patch(const std::string& path, const json::value& body) {
  const Body sent{json::serialize(body)};
  return request("PATCH", path, &sent);
}

json::value Client::upload(const std::string& path, const std::filesystem::path& file, const std::string& content_type,
                           const Progress& progress) {
  const std::unique_ptr<std::FILE, FileCloser> opened(std::fopen(file.c_str(), "rb"));
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (!opened || error) throw CommandError(kRefused, fmt::format("cannot read {}", file.string()));
  const Body sent{"", content_type, opened.get(), static_cast<curl_off_t>(bytes), progress};
  return request("POST", path, &sent);
}

void Client::each(const std::string& path, std::map<std::string, std::string> query, const std::function<bool(json::value&)>& take) {
  query.emplace("limit", std::to_string(kPage));
  for (;;) {
    auto page = get(with_query(path, query)).as_object();
    for (auto& item : page["items"].as_array())
      if (!take(item)) return;
    const auto* next = page.if_contains("next_cursor");
    if (!next) return;
    query["cursor"] = std::string(next->as_string());
  }
}

json::array Client::all(const std::string& path, std::map<std::string, std::string> query, std::size_t most) {
  json::array items;
  if (most == 0) return items;
  query["limit"] = std::to_string(std::min(most, kPage));
  each(path, std::move(query), [&](json::value& item) {
    items.push_back(std::move(item));
    return items.size() < most;
  });
  return items;
}

json::value Client::request(const std::string& method, const std::string& path, const Body* body) {
  if (session_.server.empty()) throw CommandError(kNotAllowed, "not signed in: run `loa login --server URL --user NAME` first");
  const std::unique_ptr<CURL, CurlCloser> curl(curl_easy_init());
  if (!curl) throw std::bad_alloc();
  Answer answer;
  char error_text[CURL_ERROR_SIZE] = "";
  const auto url = session_.server + "/api/v1" + path;
  const auto cookie = "__Host-loa_session=" + session_.cookie;
  std::unique_ptr<curl_slist, ListCloser> headers(curl_slist_append(nullptr, "Accept: application/json"));

  auto* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "loa/" LOA_VERSION);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, body && body->file ? kUploadSeconds : kAnswerSeconds);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
  if (!session_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, session_.ca_file.c_str());
  if (!session_.cookie.empty()) curl_easy_setopt(handle, CURLOPT_COOKIE, cookie.c_str());
  if (body) {
    headers.reset(curl_slist_append(headers.release(), ("Content-Type: " + body->content_type).c_str()));
    if (body->file) {
      curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(handle, CURLOPT_READDATA, body->file);
      curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, body->file_bytes);
      curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
      curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, tell_progress);
      curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &body->progress);
    } else {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->text.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body->text.data());
    }
  } else if (method == "POST") {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, "");
    headers.reset(curl_slist_append(headers.release(), "Content-Type:"));
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());

  const auto result = curl_easy_perform(handle);
  if (result != CURLE_OK)
    throw CommandError(kUnreachable, fmt::format("no answer from {}: {}", session_.server,
                                                 *error_text ? error_text : curl_easy_strerror(result)));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 400) throw error_of(status, answer.body);
  if (!answer.cookie.empty()) session_.cookie = answer.cookie;
  if (answer.body.empty()) return nullptr;
  boost::system::error_code error;
  auto value = json::parse(answer.body, error);
  if (error) throw CommandError(kUnreachable, fmt::format("{} is not a Loa controller: {}", session_.server, error.message()));
  return value;
}

std::string escaped(const std::string& segment) {
  std::string out;
  for (const unsigned char c : segment) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

std::string with_query(const std::string& path, const std::map<std::string, std::string>& query) {
  auto out = path;
  char sign = '?';
  for (const auto& [key, value] : query) {
    if (value.empty()) continue;
    out += sign + key + '=' + escaped(value);
    sign = '&';
  }
  return out;
}

}  // namespace loa::tool
