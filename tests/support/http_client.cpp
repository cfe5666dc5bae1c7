#include "tests/support/http_client.hpp"

#include <curl/curl.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "tests/support/openapi.hpp"

namespace loa::tests {
namespace json = boost::json;

namespace {

constexpr long kSeconds = 20;

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* answer) {
  static_cast<HttpAnswer*>(answer)->body.append(bytes, size * count);
  return size * count;
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* answer) {
  std::string line(bytes, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
  const auto colon = line.find(": ");
  if (colon == std::string::npos) return size * count;
  for (std::size_t i = 0; i < colon; ++i) line[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(line[i])));
  static_cast<HttpAnswer*>(answer)->headers[line.substr(0, colon)] = line.substr(colon + 2);
  return size * count;
}

}  // namespace

json::value HttpAnswer::json() const { return json::parse(body); }

std::string HttpAnswer::text(const std::string& pointer) const {
  boost::system::error_code bad;
  const auto value = json::parse(body, bad);
  if (bad) return {};
  const auto* found = value.find_pointer(pointer, bad);
  if (!found) return {};
  return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

std::string HttpAnswer::code() const { return text("/code"); }

struct HttpClient::Handle {
  std::string base;
  std::string ca_file;
  bool checked = true;
  CURL* curl = curl_easy_init();
  ~Handle() { curl_easy_cleanup(curl); }
};

HttpClient::HttpClient(std::string base, std::string ca_file) : x_handle(std::make_unique<Handle>()) {
  x_handle->base = std::move(base);
  x_handle->ca_file = std::move(ca_file);
  curl_easy_setopt(x_handle->curl, CURLOPT_COOKIEFILE, "");
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpClient& HttpClient::unchecked() {
  x_handle->checked = false;
  return *this;
}

HttpAnswer HttpClient::send(const std::string& method, const std::string& path, const std::string& body, const Headers& headers) {
  HttpAnswer answer;
  auto* curl = x_handle->curl;
  const auto url = x_handle->base + path;
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, kSeconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  if (!x_handle->ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, x_handle->ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(curl, CURLOPT_NOBODY, 0L);
  if (method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (method != "GET") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method == "HEAD" ? nullptr : method.c_str());
  const auto result = curl_easy_perform(curl);
  curl_slist_free_all(list);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  if (result != CURLE_OK) answer.error = curl_easy_strerror(result);
  if (!x_handle->checked || result != CURLE_OK) return answer;
  const auto faults = OpenApi::of_controller().check(method, path.substr(0, path.find('?')), answer.status,
                                                     answer.headers["content-type"], answer.body);
  if (!faults.empty())
    throw std::runtime_error("openapi.yaml: " + method + " " + path + " " + std::to_string(answer.status) + ": " + faults.front() +
                             "\n" + answer.body.substr(0, 2000));
  return answer;
}

HttpAnswer HttpClient::get(const std::string& path, const Headers& headers) { return send("GET", path, "", headers); }
HttpAnswer HttpClient::post(const std::string& path, const std::string& json) {
  return send("POST", path, json, {"Content-Type: application/json"});
}
HttpAnswer HttpClient::put(const std::string& path, const std::string& json) {
  return send("PUT", path, json, {"Content-Type: application/json"});
}
HttpAnswer HttpClient::patch(const std::string& path, const std::string& json) {
  return send("PATCH", path, json, {"Content-Type: application/json"});
}
HttpAnswer HttpClient::del(const std::string& path) { return send("DELETE", path, "", {}); }

HttpAnswer HttpClient::upload(const std::string& path, const std::string& bytes, const std::string& content_type) {
  return send("POST", path, bytes, {"Content-Type: " + content_type});
}

void HttpClient::sign_in(const std::string& name, const std::string& password) {
  const json::object body{{"name", name}, {"password", password}};
  const auto answer = post("/api/v1/session", json::serialize(body));
  if (answer.status != 200) throw std::runtime_error("sign-in of " + name + ": " + answer.body + answer.error);
}

}  // namespace loa::tests
