#pragma once
#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace loa::tests {

/// What came back.
struct HttpAnswer {
  int status = 0;  ///< 0: no answer at all
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  std::string error;  ///< libcurl's, where there is no answer

  boost::json::value json() const;
  /// The `code` of a problem, or empty.
  std::string code() const;
  /// The member at a JSON pointer as text, or empty.
  std::string text(const std::string& pointer) const;
};

/// A blocking client with a cookie jar, for tests. Each answer is checked against openapi.yaml and an answer that does not fit throws
/// std::runtime_error, unless unchecked() was called.
class HttpClient {
 public:
  /// `base` such as http://127.0.0.1:8080; `ca_file` for https.
  explicit HttpClient(std::string base, std::string ca_file = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  using Headers = std::vector<std::string>;  ///< "Name: value"
  HttpAnswer get(const std::string& path, const Headers& headers = {});
  HttpAnswer post(const std::string& path, const std::string& json = {});
  HttpAnswer put(const std::string& path, const std::string& json);
  HttpAnswer patch(const std::string& path, const std::string& json);
  HttpAnswer del(const std::string& path);
  HttpAnswer send(const std::string& method, const std::string& path, const std::string& body, const Headers& headers);
  /// Uploads bytes as they are.
  HttpAnswer upload(const std::string& path, const std::string& bytes, const std::string& content_type);
  /// Signs in and keeps the cookie; throws where that is refused.
  void sign_in(const std::string& name, const std::string& password);
  /// Answers are no longer checked: what is served is not the API.
  HttpClient& unchecked();

 private:
  struct Handle;
  std::unique_ptr<Handle> x_handle;
};

}  // namespace loa::tests
