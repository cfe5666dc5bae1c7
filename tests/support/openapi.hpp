#pragma once
#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace loa::tests {

/// One operation as an OpenAPI file describes it.
struct Operation {
  std::string method;  ///< "GET"
  std::string path;    ///< whole template, base included
  std::vector<std::string> roles;  ///< x-roles
  std::string scope;               ///< x-scope; empty: no token opens it
};

/// An OpenAPI 3.0 file that answers can be checked against, for the parts of JSON Schema that Loa's file uses.
class OpenApi {
 public:
  /// Throws where the file cannot be read or is not YAML.
  explicit OpenApi(const std::filesystem::path& file);
  /// controller/api/openapi.yaml, read once.
  static const OpenApi& of_controller();

  std::vector<Operation> operations() const;
  /// What is wrong with this answer: empty where the file allows it. `path` is without the query.
  std::vector<std::string> check(const std::string& method, const std::string& path, int status, const std::string& content_type,
                                 const std::string& body) const;
  /// What is wrong with this value of the named schema.
  std::vector<std::string> check_schema(const std::string& name, const boost::json::value& value) const;

 private:
  using Faults = std::vector<std::string>;
  const boost::json::value& follow(const boost::json::value& value) const;
  const boost::json::object* find(const std::string& method, const std::string& path) const;
  void check_value(const boost::json::value& schema, const boost::json::value& value, const std::string& where, Faults& faults) const;
  void check_object(const boost::json::object& schema, const boost::json::object& value, const std::string& where, Faults& faults) const;

  boost::json::value x_file;
  std::string x_base;
};

}  // namespace loa::tests
