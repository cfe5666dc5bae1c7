#include "controller/http/problem.hpp"

#include <boost/json.hpp>

namespace loa::http {
namespace json = boost::json;

Response problem_response(const Problem& problem) {
  json::object body;
  body["type"] = "about:blank";
  body["title"] = reason_phrase(problem.status);
  body["status"] = problem.status;
  body["code"] = problem.code;
  body["detail"] = problem.detail;
  if (!problem.errors.empty()) {
    json::array errors;
    for (const auto& part : problem.errors) {
      json::object entry;
      entry["pointer"] = part.pointer;
      if (!part.code.empty()) entry["code"] = part.code;
      entry["detail"] = part.detail;
      errors.push_back(std::move(entry));
    }
    body["errors"] = std::move(errors);
  }
  return text_response(problem.status, "application/problem+json", json::serialize(body));
}

}  // namespace loa::http
