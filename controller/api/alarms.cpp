#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/word.hpp"
#include "controller/store/alarms.hpp"

namespace loa::api {
namespace {

json::object alarm_answer(store::Session& db, const store::Alarm& alarm) {
  json::object answer;
  answer["id"] = alarm.id;
  answer["kind"] = name_of(alarm.kind);
  answer["subject"] = alarm.subject;
  if (const auto node = store::find_node(db, alarm.subject)) answer["node_code"] = node->code;
  if (!alarm.area.empty()) answer["area"] = alarm.area;
  answer["detail"] = alarm.detail;
  answer["first_at"] = time_text(alarm.first);
  answer["last_at"] = time_text(alarm.last);
  answer["count"] = alarm.count;
  if (alarm.ended) answer["ended_at"] = time_text(*alarm.ended);
  if (alarm.acknowledged)
    answer["acknowledged"] = json::object{{"by", user_name(db, alarm.acknowledged_by)}, {"at", time_text(*alarm.acknowledged)}};
  return answer;
}

std::optional<http::Problem> guard_alarm(const StoreCall& call, const std::optional<store::Alarm>& alarm) {
  if (!alarm) return not_found("such alarm");
  if (alarm->area.empty()) return holds_a_root(call) ? std::nullopt : std::optional(not_found("such alarm"));
  auto problem = guard(call, alarm->area);
  if (problem && problem->status == 404) return not_found("such alarm");
  return problem;
}

}  // namespace

Reply list_alarms(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  store::AlarmFilter filter;
  filter.state = query.name<store::AlarmState>("state", parse_word<store::AlarmState, store::AlarmState::ended>);
  const auto page = query.page<store::TimePoint, std::string>("alarms");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  filter.unbound = !area && holds_a_root(call);
  filter.limit = page.fetch();
  filter.after = page.after;
  return json_response(page_answer(store::list_alarms(call.db, filter), page, [](const auto& alarm) { return std::tuple(alarm.last, alarm.id); },
                                   [&](const auto& alarm) { return alarm_answer(call.db, alarm); }));
}

Reply acknowledge_alarm(StoreCall& call) {
  const auto found = store::find_alarm(call.db, call.call.parameter("id"));
  if (auto problem = guard_alarm(call, found)) return std::move(*problem);
  auto transaction = call.write();
  const auto alarm = store::acknowledge_alarm(transaction, found->id);
  if (!alarm) return not_found("such alarm");
  transaction.commit();
  call.effects.events.push_back({"alarm", alarm->id, alarm->area, "", "acknowledged", {}});
  return json_response(alarm_answer(call.db, *alarm));
}

}  // namespace loa::api
