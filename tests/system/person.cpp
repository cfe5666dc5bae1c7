#include "tests/system/person.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "tests/support/http_client.hpp"

namespace loa::tests {

namespace json = boost::json;

struct Person::Parts {
  tests::HttpClient client;
  std::string name;
  std::string password;
};

Person::Person(const std::string& server, const std::filesystem::path& ca, const std::string& name, const std::string& password)
    : parts_(new Parts{tests::HttpClient(server, ca.string()), name, password}) {
  sign_in();
}

Person::~Person() = default;

void Person::sign_in() { parts_->client.sign_in(parts_->name, parts_->password); }

Answer Person::request(const std::string& method, const std::string& path, const json::value* body) {
  const auto text = body ? json::serialize(*body) : std::string();
  const auto answer = parts_->client.send(method, "/api/v1" + path, text, body ? tests::HttpClient::Headers{"Content-Type: application/json"} : tests::HttpClient::Headers{"Content-Type:"});
  if (answer.status == 0) throw std::runtime_error(fmt::format("{} {}: no answer: {}", method, path, answer.error));
  return {answer.status, answer.body.empty() ? json::value() : answer.json()};
}

namespace {

json::value good(const std::string& what, Answer answer) {
  if (answer.status < 200 || answer.status > 299)
    throw std::runtime_error(fmt::format("{}: {} {}", what, answer.status, json::serialize(answer.body)));
  return std::move(answer.body);
}

}  // namespace

json::value Person::health() {
  const auto answer = parts_->client.get("/healthz");
  if (answer.status == 0) throw std::runtime_error("GET /healthz: no answer: " + answer.error);
  return answer.json();
}
json::value Person::get(const std::string& path) { return good("GET " + path, request("GET", path)); }
json::value Person::post(const std::string& path, const json::value& body) { return good("POST " + path, request("POST", path, &body)); }
json::value Person::post(const std::string& path) { return good("POST " + path, request("POST", path)); }
json::value Person::upload(const std::string& path, const std::string& bytes, const std::string& type) {
  const auto answer = parts_->client.upload("/api/v1" + path, bytes, type);
  if (answer.status == 0) throw std::runtime_error(fmt::format("POST {}: no answer: {}", path, answer.error));
  return good("POST " + path, {answer.status, answer.body.empty() ? json::value() : answer.json()});
}
json::value Person::put(const std::string& path, const json::value& body) { return good("PUT " + path, request("PUT", path, &body)); }

std::string text(const json::value& object, const std::string& member) {
  const auto* found = object.is_object() ? object.as_object().if_contains(member) : nullptr;
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

}  // namespace loa::tests
