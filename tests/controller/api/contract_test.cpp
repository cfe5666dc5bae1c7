#include <catch2/catch.hpp>
#include <set>

#include "controller/api/events.hpp"
#include "controller/api/routes.hpp"
#include "tests/support/openapi.hpp"

#include <boost/json.hpp>

namespace loa::api {
namespace {

std::string roles_of(Right right) {
  if (right == Right::anyone || right == Right::signed_in) return name_of(right);
  std::string roles;
  for (const auto role : {store::Role::author, store::Role::approver, store::Role::monitor, store::Role::admin})
    if (gives(role, right)) roles += (roles.empty() ? "" : ", ") + std::string(name_of(role));
  return roles;
}

std::set<std::string> of_table() {
  std::set<std::string> lines;
  for (const auto& route : routes())
    lines.insert(std::string(name_of(route.method)) + " " + std::string(route.path) + ": " + roles_of(route.right) + " " + name_of(route.scope));
  return lines;
}

std::set<std::string> of_file() {
  std::set<std::string> lines;
  for (const auto& operation : tests::OpenApi::of_controller().operations()) {
    std::string roles;
    for (const auto& role : operation.roles) roles += (roles.empty() ? "" : ", ") + role;
    lines.insert(operation.method + " " + operation.path + ": " + roles + " " + operation.scope);
  }
  return lines;
}

std::string difference(const std::set<std::string>& from, const std::set<std::string>& other) {
  std::string lines;
  for (const auto& line : from)
    if (!other.contains(line)) lines += line + "\n";
  return lines;
}

}  // namespace

TEST_CASE("the route table and openapi.yaml name the same routes with the same roles") {
  INFO("only in the table:\n" << difference(of_table(), of_file()) << "only in the file:\n" << difference(of_file(), of_table()));
  CHECK(of_table() == of_file());
  CHECK(of_table().size() == routes().size());
}

TEST_CASE("an event's data is as openapi.yaml describes it") {
  const auto data = to_json_text({"job", "j-" + std::string(26, 'a'), "hue-a", "n-" + std::string(26, 'a'), "running", 40});
  CHECK(tests::OpenApi::of_controller().check_schema("Event", boost::json::parse(data)).empty());
}

TEST_CASE("the checker of answers finds what does not fit") {
  const auto& api = tests::OpenApi::of_controller();
  const auto check = [&](int status, const char* type, const char* body) {
    return api.check("GET", "/api/v1/voices", status, type, body).size();
  };
  CHECK(check(200, "application/json", R"({"items":[{"id":"a","name":"b","language":"vi"}]})") == 0);
  CHECK(check(200, "application/json", R"({"items":[{"id":"a","name":"b"}]})") == 1);
  CHECK(check(200, "application/json", R"({"items":[{"id":1,"name":"b","language":"vi"}]})") == 1);
  CHECK(check(200, "application/json", R"({"items":[],"more":true})") == 1);
  CHECK(check(200, "text/plain", "x") == 1);
  CHECK(check(201, "application/json", "{}") == 1);
  CHECK(check(404, "application/problem+json", R"({"type":"about:blank","title":"x","status":404,"code":"Not Found","detail":"x"})") == 1);
  CHECK(api.check("GET", "/api/v1/nothing", 200, "application/json", "{}").size() == 1);
}

}  // namespace loa::api
