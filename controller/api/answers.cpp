#include "controller/api/answers.hpp"

#include "controller/api/day_hours.hpp"
#include "controller/store/invitations.hpp"
#include "controller/store/second_factors.hpp"
#include "scheduler/time.hpp"

namespace loa::api {

json::string time_text(store::TimePoint time) { return json::string(scheduler::to_rfc3339(time)); }

json::array texts(const std::vector<std::string>& values) { return json::array(values.begin(), values.end()); }

json::object grant(const store::Grant& grant) { return {{"role", name_of(grant.role)}, {"area", grant.area}}; }

namespace {

json::array grants(const std::vector<store::Grant>& all) {
  json::array array;
  for (const auto& one : all) array.push_back(grant(one));
  return array;
}

}  // namespace

json::object session_answer(const Caller& caller, std::chrono::minutes idle) {
  json::array rights;
  for (const auto right : kBranchRights) {
    const auto roots = roots_of(caller.user.grants, right);
    if (!roots.empty()) rights.push_back(json::object{{"right", name_of(right)}, {"areas", texts(roots)}});
  }
  json::object answer;
  answer["user"] =
      json::object{{"id", caller.user.id}, {"name", caller.user.login}, {"display_name", caller.user.name}};
  answer["grants"] = grants(caller.user.grants);
  answer["rights"] = std::move(rights);
  answer["id"] = caller.session.id;
  answer["expires_at"] = time_text(caller.session.expires);
  answer["idle_minutes"] = idle.count();
  answer["second_factor"] = json::object{{"enabled", caller.second_factor}, {"required", caller.second_factor_required}};
  return answer;
}

json::object user_session(const store::UserSession& session, bool current) {
  json::object answer{{"id", session.id},
                      {"created_at", time_text(session.created)},
                      {"last_used_at", time_text(session.last_used)},
                      {"expires_at", time_text(session.expires)},
                      {"current", current}};
  if (!session.address.empty()) answer["address"] = session.address;
  if (!session.agent.empty()) answer["agent"] = session.agent;
  return answer;
}

json::object user_name(store::Session& db, const std::string& id) {
  const auto found = store::find_user(db, id);
  return {{"id", id}, {"name", found ? found->login : ""}, {"display_name", found ? found->name : ""}};
}

json::object user(store::Session& db, const store::User& user, const std::vector<store::Grant>& visible, store::TimePoint now) {
  json::object answer{{"id", user.id},
                      {"name", user.login},
                      {"display_name", user.name},
                      {"disabled", user.disabled},
                      {"password_set", !user.password_hash.empty()},
                      {"second_factor", store::has_second_factor(db, user.id)},
                      {"grants", grants(visible)},
                      {"created_at", time_text(user.created)}};
  if (const auto until = store::invited_until(db, user.id, now)) answer["invited_until"] = time_text(*until);
  return answer;
}

json::object settings(const store::OwnSettings& settings) {
  json::object answer;
  if (settings.mute) answer["mute"] = *settings.mute;
  if (settings.volume) answer["volume"] = *settings.volume;
  if (settings.alert_volume) answer["alert_volume"] = *settings.alert_volume;
  if (settings.volume_by_hour) answer["volume_by_hour"] = volume_by_hour(*settings.volume_by_hour);
  if (settings.stand_in) answer["stand_in"] = *settings.stand_in;
  return answer;
}

json::object effective_settings(const store::Inherited& inherited) {
  json::object answer;
  answer["mute"] = inherited.mute;
  if (!inherited.muted_by.empty()) answer["muted_by"] = inherited.muted_by;
  answer["volume"] = inherited.volume;
  answer["alert_volume"] = inherited.alert_volume;
  answer["volume_by_hour"] = volume_by_hour(inherited.volume_by_hour);
  if (!inherited.stand_in.empty()) answer["stand_in"] = inherited.stand_in;
  return answer;
}

json::object policy(const store::AreaPolicy& policy) {
  static constexpr const char* days[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
  json::object answer;
  if (policy.limits.windows && !policy.limits.windows->empty()) {
    json::array windows;
    for (const auto& window : *policy.limits.windows) {
      json::array names;
      for (int day = 0; day < 7; ++day)
        if (window.weekdays & (1 << day)) names.emplace_back(days[day]);
      windows.push_back(json::object{{"days", std::move(names)},
                                     {"from", time_of_day(window.from_minute)},
                                     {"to", time_of_day(window.to_minute)}});
    }
    answer["windows"] = std::move(windows);
  }
  if (policy.limits.max_sessions_a_day) answer["max_sessions_per_day"] = *policy.limits.max_sessions_a_day;
  if (policy.limits.max_session_minutes) answer["max_session_minutes"] = *policy.limits.max_session_minutes;
  if (policy.self_approval) answer["self_approval"] = *policy.self_approval;
  return answer;
}

json::object origin(const scheduler::Origin& origin) {
  return {{"system", origin.system}, {"id", origin.id}, {"revision", origin.revision}};
}

json::object clip(const store::Clip& clip) {
  return {{"sha256", clip.sha256},
          {"url", "/media/" + clip.sha256 + ".opus"},
          {"bytes", clip.bytes},
          {"duration_ms", clip.duration.count()},
          {"loudness_lufs", clip.loudness_lufs},
          {"true_peak_dbtp", clip.true_peak_dbtp},
          {"quieter", clip.peak_limited}};
}

json::object job(const store::MediaJob& job) {
  json::object answer;
  answer["id"] = job.id;
  answer["kind"] = job.kind;
  if (!job.programme.empty()) answer["programme"] = job.programme;
  answer["state"] = name_of(job.state);
  answer["percent"] = job.percent;
  if (!job.error_code.empty()) answer["problem"] = json::object{{"code", job.error_code}, {"detail", job.error}};
  answer["created_at"] = time_text(job.created);
  if (job.finished) answer["finished_at"] = time_text(*job.finished);
  return answer;
}

namespace {

void count(Reach& reach, const store::NodeRow& row, store::TimePoint now) {
  const auto status = store::status_of(row, now);
  ++reach.total;
  if (row.wanted.mute) ++reach.muted;
  if (status == store::NodeStatus::offline || status == store::NodeStatus::unknown) ++reach.offline;
}

}  // namespace

Reach reach_of(const std::vector<store::NodeRow>& nodes, store::TimePoint now) {
  Reach reach;
  for (const auto& row : nodes) count(reach, row, now);
  return reach;
}

std::map<std::string, Reach> reach_of_alerts(store::Session& db, const std::vector<store::AlertRow>& rows, store::TimePoint now) {
  std::map<std::string, Reach> reaches;
  std::vector<std::string> areas;
  for (const auto& row : rows)
    if (reaches.emplace(row.alert.area, Reach{}).second) areas.push_back(row.alert.area);
  if (areas.empty()) return reaches;
  for (const auto& node : store::list_node_rows(db, areas))
    for (const auto& area : node.areas)
      if (const auto found = reaches.find(area); found != reaches.end()) count(found->second, node, now);
  return reaches;
}

json::object reach(const Reach& reach) {
  return {{"total", reach.total}, {"muted", reach.muted}, {"offline", reach.offline}};
}

}  // namespace loa::api
