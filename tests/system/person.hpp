#pragma once
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <string>

namespace loa::tests {

/// An answer of the API that was checked against controller/api/openapi.yaml.
struct Answer {
  int status = 0;
  boost::json::value body;
};

/// Someone signed in, over HTTPS with the village's own authority; every answer is checked against openapi.yaml and a
/// difference throws std::runtime_error that names it.
class Person {
 public:
  Person(const std::string& server, const std::filesystem::path& ca, const std::string& name, const std::string& password);
  ~Person();

  Answer request(const std::string& method, const std::string& path, const boost::json::value* body = nullptr);
  /// The body of a successful answer; throws std::runtime_error with the problem otherwise.
  boost::json::value get(const std::string& path);
  boost::json::value post(const std::string& path, const boost::json::value& body);
  boost::json::value post(const std::string& path);
  boost::json::value put(const std::string& path, const boost::json::value& body);
  /// Uploads bytes as they are.
  boost::json::value upload(const std::string& path, const std::string& bytes, const std::string& content_type);
  /// What `/healthz` says, whole or not.
  boost::json::value health();
  /// Signs in again, after the controller was away.
  void sign_in();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Text of a member of an object; empty where it is absent.
std::string text(const boost::json::value& object, const std::string& member);

}  // namespace loa::tests
