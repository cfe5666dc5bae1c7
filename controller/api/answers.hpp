#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "controller/api/query.hpp"
#include "controller/api/rights.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/programmes.hpp"
#include "controller/store/users.hpp"

// How values of the store look in answers (openapi.yaml); what has no value is left out.
namespace loa::api {

namespace json = boost::json;

json::string time_text(store::TimePoint time);
json::array texts(const std::vector<std::string>& values);

/// `{items}` of a whole list.
template <class Row, class Write>
json::object list_answer(const std::vector<Row>& rows, const Write& write) {
  json::array items;
  for (const auto& row : rows) items.push_back(write(row));
  json::object answer;
  answer["items"] = std::move(items);
  return answer;
}

/// `idle`: how long the session may lie unused.
json::object session_answer(const Caller& caller, std::chrono::minutes idle);
/// A session in a list; `current`: it is the reader's own.
json::object user_session(const store::UserSession& session, bool current);
/// Id and names of a user; of one who is gone only the id is known.
json::object user_name(store::Session& db, const std::string& id);
json::object grant(const store::Grant& grant);
/// `grants` are those that the reader may see.
json::object user(store::Session& db, const store::User& user, const std::vector<store::Grant>& grants, store::TimePoint now);

json::object settings(const store::OwnSettings& settings);
json::object effective_settings(const store::Inherited& inherited);
json::object policy(const store::AreaPolicy& policy);
json::object origin(const scheduler::Origin& origin);
json::object clip(const store::Clip& clip);
json::object job(const store::MediaJob& job);
json::object programme(store::Session& db, const store::Programme& programme);
json::object node(store::Session& db, const store::NodeRow& row, store::TimePoint now);

/// How many nodes something reaches, and how many of them would not be heard now.
struct Reach {
  int total = 0;
  int muted = 0;
  int offline = 0;
};
Reach reach_of(const std::vector<store::NodeRow>& nodes, store::TimePoint now);
json::object reach(const Reach& reach);
json::object alert(store::Session& db, const store::AlertRow& row, const Reach& nodes, store::TimePoint now);
/// Of each alert's area the reach at `now`, by area, from one reading of the nodes.
std::map<std::string, Reach> reach_of_alerts(store::Session& db, const std::vector<store::AlertRow>& rows, store::TimePoint now);

}  // namespace loa::api
