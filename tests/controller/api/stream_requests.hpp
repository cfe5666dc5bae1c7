#pragma once
#include <boost/json.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "tests/controller/api/fixture.hpp"

// What tests of streams and relays ask for, and what they look at in the answers.
namespace loa::api {

inline std::string stream_path(const std::string& id, const std::string& step = {}) { return "/api/v1/streams/" + id + (step.empty() ? "" : "/" + step); }

inline std::string new_stream(const std::string& url, const std::string& area = "hue-a") {
  return R"({"name":"Đài","area":")" + area + R"(","url":)" + boost::json::serialize(boost::json::string(url)) + "}";
}

inline std::string seen(const tests::HttpAnswer& stream, const std::string& more = {}) {
  return "{" + more + R"("content_hash":")" + stream.text("/content_hash") + R"("})";
}

inline std::string relay(const std::string& stream, const std::string& more = {}) {
  return R"({"stream":")" + stream + R"(","duration_s":1800,"class":"normal","start":"2026-11-27T01:00:00Z")" +
         (more.find("\"areas\"") == std::string::npos ? R"(,"areas":["hue-a"])" : "") + more + "}";
}

inline std::vector<std::string> planned(TestApi& api) {
  const std::lock_guard lock(api.calls.mutex);
  auto areas = api.calls.planned_areas;
  areas.insert(areas.end(), api.calls.planned_nodes.begin(), api.calls.planned_nodes.end());
  api.calls.planned_areas.clear();
  api.calls.planned_nodes.clear();
  return areas;
}

inline std::string ids_of(const tests::HttpAnswer& page) {
  std::string ids;
  const auto body = page.json();
  for (const auto& item : body.at("items").get_array()) ids += std::string(item.at("id").get_string()) + " ";
  return ids;
}

/// Codes of a preview's problems, errors marked with "!".
inline std::string problems_of(const tests::HttpAnswer& preview) {
  std::string codes;
  const auto body = preview.json();
  for (const auto& one : body.at("problems").get_array())
    codes += std::string(one.at("code").get_string()) + (one.at("severity").get_string() == "error" ? "! " : " ");
  return codes;
}

}  // namespace loa::api
