#include "tests/support/openapi.hpp"

#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <charconv>
#include <regex>
#include <set>

#include "scheduler/time.hpp"
#include "tests/support/places.hpp"

namespace loa::tests {
namespace json = boost::json;

namespace {

json::value scalar(const YAML::Node& node) {
  const auto text = node.Scalar();
  if (node.Tag() == "!") return json::string(text);  // quoted
  if (text == "true" || text == "false") return text == "true";
  std::int64_t whole = 0;
  const auto* end = text.data() + text.size();
  if (const auto parsed = std::from_chars(text.data(), end, whole); !text.empty() && parsed.ptr == end) return whole;
  double real = 0;
  if (const auto parsed = std::from_chars(text.data(), end, real); !text.empty() && parsed.ptr == end) return real;
  return json::string(text);
}

json::value to_json(const YAML::Node& node) {
  if (node.IsScalar()) return scalar(node);
  if (node.IsSequence()) {
    json::array array;
    for (const auto& element : node) array.push_back(to_json(element));
    return array;
  }
  json::object object;
  if (node.IsMap())
    for (const auto& member : node) object[member.first.Scalar()] = to_json(member.second);
  return object;
}

const json::object& object_at(const json::object& object, const char* name) {
  static const json::object none;
  const auto* found = object.if_contains(name);
  return found && found->is_object() ? found->get_object() : none;
}

std::string text_at(const json::object& object, const char* name) {
  const auto* found = object.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : "";
}

bool fits_path(std::string path_template, const std::string& path) {
  static const std::regex parameter(R"(\{[a-z]+\})");
  return std::regex_match(path, std::regex(std::regex_replace(path_template, parameter, "[^/]+")));
}

std::string upper(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string base_of(const json::value& holder, const std::string& otherwise) {
  const auto* servers = holder.get_object().if_contains("servers");
  if (!servers) return otherwise;
  const auto url = text_at(servers->at(0).get_object(), "url");
  return url == "/" ? "" : url;
}

bool has_type(const std::string& type, const json::value& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  return true;
}

}  // namespace

OpenApi::OpenApi(const std::filesystem::path& file)
    : x_file(to_json(YAML::LoadFile(file.string()))), x_base(base_of(x_file, "")) {}

const OpenApi& OpenApi::of_controller() {
  static const OpenApi api(source_folder() / "controller/api/openapi.yaml");
  return api;
}

std::vector<Operation> OpenApi::operations() const {
  static const std::set<std::string> methods = {"get", "post", "put", "patch", "delete"};
  std::vector<Operation> all;
  for (const auto& path : object_at(x_file.get_object(), "paths")) {
    for (const auto& member : path.value().get_object()) {
      if (!methods.contains(std::string(member.key()))) continue;
      Operation operation{upper(std::string(member.key())), base_of(path.value(), x_base) + std::string(path.key()), {}};
      operation.scope = text_at(member.value().get_object(), "x-scope");
      for (const auto& role : member.value().at("x-roles").get_array()) operation.roles.emplace_back(role.get_string());
      all.push_back(std::move(operation));
    }
  }
  return all;
}

const json::value& OpenApi::follow(const json::value& value) const {
  const auto* reference = value.is_object() ? value.get_object().if_contains("$ref") : nullptr;
  if (!reference) return value;
  return follow(x_file.at_pointer(std::string(reference->get_string()).substr(1)));
}

const json::object* OpenApi::find(const std::string& method, const std::string& path) const {
  for (const auto& entry : object_at(x_file.get_object(), "paths")) {
    if (!fits_path(base_of(entry.value(), x_base) + std::string(entry.key()), path)) continue;
    for (const auto& member : entry.value().get_object())
      if (upper(std::string(member.key())) == method) return &member.value().get_object();
  }
  return nullptr;
}

std::vector<std::string> OpenApi::check(const std::string& method, const std::string& path, int status,
                                        const std::string& content_type, const std::string& body) const {
  const auto* operation = find(method, path);
  if (!operation) return status == 404 || status == 405 ? Faults{} : Faults{"not described: " + method + " " + path};
  const auto& responses = object_at(*operation, "responses");
  const auto* described = responses.if_contains(std::to_string(status));
  if (!described && status < 400) return {"status " + std::to_string(status) + " is not described"};
  if (!described) described = responses.if_contains("default");
  if (!described) return {"status " + std::to_string(status) + " is not described, and there is no default"};
  const auto& content = object_at(follow(*described).get_object(), "content");
  const auto type = content_type.substr(0, content_type.find(';'));
  if (content.empty()) return body.empty() && type.empty() ? Faults{} : Faults{"a body where none is described"};
  const auto* media = content.if_contains(type);
  if (!media) return {"content type \"" + type + "\" is not described for " + std::to_string(status)};
  if (type.find("json") == std::string::npos) return {};
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error) return {"the body is not JSON: " + error.message()};
  Faults faults;
  check_value(media->at("schema"), value, "", faults);
  return faults;
}

std::vector<std::string> OpenApi::check_schema(const std::string& name, const json::value& value) const {
  Faults faults;
  check_value(x_file.at_pointer("/components/schemas/" + name), value, "", faults);
  return faults;
}

void OpenApi::check_value(const json::value& reference, const json::value& value, const std::string& where, Faults& faults) const {
  const auto& schema = follow(reference).get_object();
  if (value.is_null() && schema.contains("nullable")) return;
  if (const auto* choices = schema.if_contains("oneOf")) {
    int fitting = 0;
    for (const auto& choice : choices->get_array()) {
      Faults ignored;
      check_value(choice, value, where, ignored);
      fitting += ignored.empty() ? 1 : 0;
    }
    if (fitting != 1) faults.push_back(where + ": fits " + std::to_string(fitting) + " of oneOf");
    return;
  }
  const auto type = text_at(schema, "type");
  if (!has_type(type, value)) {
    faults.push_back(where + ": is not of type " + type);
    return;
  }
  if (const auto* allowed = schema.if_contains("enum")) {
    const auto& list = allowed->get_array();
    if (std::find(list.begin(), list.end(), value) == list.end()) faults.push_back(where + ": not in enum: " + json::serialize(value));
  }
  if (value.is_object()) check_object(schema, value.get_object(), where, faults);
  if (value.is_array() && schema.contains("items")) {
    std::size_t index = 0;
    for (const auto& element : value.get_array())
      check_value(schema.at("items"), element, where + "/" + std::to_string(index++), faults);
  }
  if (value.is_number()) {
    const auto number = value.to_number<double>();
    if (const auto* least = schema.if_contains("minimum"); least && number < least->to_number<double>())
      faults.push_back(where + ": below the minimum");
    if (const auto* most = schema.if_contains("maximum"); most && number > most->to_number<double>())
      faults.push_back(where + ": above the maximum");
  }
  if (!value.is_string()) return;
  const std::string text(value.get_string());
  const auto pattern = text_at(schema, "pattern");
  if (!pattern.empty() && !std::regex_search(text, std::regex(pattern))) faults.push_back(where + ": \"" + text + "\" does not match " + pattern);
  if (text_at(schema, "format") == "date-time" && !scheduler::parse_rfc3339(text))
    faults.push_back(where + ": \"" + text + "\" is no date-time");
}

void OpenApi::check_object(const json::object& schema, const json::object& value, const std::string& where, Faults& faults) const {
  if (const auto* required = schema.if_contains("required"))
    for (const auto& name : required->get_array())
      if (!value.contains(name.get_string())) faults.push_back(where + "/" + std::string(name.get_string()) + ": is missing");
  const auto* properties = schema.if_contains("properties");
  for (const auto& member : value) {
    const auto at = where + "/" + std::string(member.key());
    const auto* property = properties ? properties->get_object().if_contains(member.key()) : nullptr;
    if (property)
      check_value(*property, member.value(), at, faults);
    else if (const auto* more = schema.if_contains("additionalProperties"); more && *more == json::value(false))
      faults.push_back(at + ": is not described");
  }
}

}  // namespace loa::tests
