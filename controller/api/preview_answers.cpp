#include "controller/api/preview_answers.hpp"

#include "controller/store/occurrences.hpp"

namespace loa::api {
namespace {

bool may_see(const StoreCall& call, const store::Broadcast& other, store::TimePoint start) {
  if (store::is_within(call.db, other.area, call.call.visible())) return true;
  store::OccurrenceFilter filter;
  filter.roots = call.call.visible();
  filter.from = start;
  filter.until = start + store::Millis{1};
  filter.broadcast = other.id;
  filter.limit = 1;
  return !other.id.empty() && !store::list_occurrences(call.db, filter, call.call.now).empty();
}

json::object other_answer(const StoreCall& call, const WantedBroadcast& wanted, const std::string& occurrence) {
  const auto id = occurrence.substr(0, occurrence.find('@'));
  const bool own = id == wanted.broadcast.id;
  const auto start = id.size() < occurrence.size() ? scheduler::parse_basic(std::string_view(occurrence).substr(id.size() + 1)) : std::nullopt;
  const auto other = own ? wanted.broadcast : store::find_broadcast(call.db, id).value_or(store::Broadcast{});
  json::object answer;
  answer["elsewhere"] = !own && !may_see(call, other, start.value_or(store::TimePoint{}));
  if (answer["elsewhere"].as_bool()) return answer;
  if (!own) answer["broadcast"] = id;
  answer["title"] = own ? wanted.subject.title : subject_of(call.db, other).title;
  answer["class"] = scheduler::name_of(other.cls);
  if (start) answer["start"] = time_text(*start);
  return answer;
}

json::array node_answers(const StoreCall& call, const std::vector<std::string>& ids) {
  json::array answer;
  for (const auto& id : ids)
    if (const auto node = store::find_node(call.db, id))
      answer.push_back(json::object{{"id", id}, {"code", node->code}, {"name", node->name}});
  return answer;
}

}  // namespace

json::object problem_answer(const StoreCall& call, const WantedBroadcast& wanted, const scheduler::Problem& problem) {
  json::object answer;
  answer["code"] = problem.code;
  answer["severity"] = problem.refuses ? "error" : "warning";
  answer["detail"] = problem.message;
  if (!problem.where.empty()) answer["pointer"] = problem.where;
  if (problem.at) answer["start"] = time_text(*problem.at);
  answer["count"] = problem.count;
  if (!problem.other.empty()) answer["other"] = other_answer(call, wanted, problem.other);
  if (!problem.nodes.empty()) answer["nodes"] = node_answers(call, problem.nodes);
  return answer;
}

}  // namespace loa::api
