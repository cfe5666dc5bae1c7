#include <algorithm>

#include "controller/api/api.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "controller/http/static_file.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/receipts.hpp"
#include "protocol/authorities.hpp"

namespace loa::api {
namespace {

json::object key_answer(const protocol::SigningKey& key) {
  json::array may_sign;
  for (const auto type : key.may_sign) may_sign.emplace_back(name_of(type));
  json::object answer;
  answer["kid"] = key.kid;
  answer["may_sign"] = std::move(may_sign);
  answer["branch"] = key.branch;
  answer["not_before"] = time_text(key.not_before);
  answer["not_after"] = time_text(key.not_after);
  if (key.revoked) answer["revoked"] = time_text(*key.revoked);
  return answer;
}

json::object authority_answer(const protocol::AuthorityFacts& authority) {
  return {{"name", authority.name}, {"sha256", authority.sha256}, {"ends_at", time_text(authority.ends)}};
}

json::object refusal_answer(const store::RefusalRow& row) {
  return {{"node", row.node},   {"about", row.about},     {"code", row.code},
          {"count", row.count}, {"where", row.where},     {"message", row.message},
          {"last_at", time_text(row.last)}};
}

json::object audit_answer(store::Session& db, const store::AuditRow& row) {
  json::object answer;
  answer["number"] = row.number;
  answer["at"] = time_text(row.at);
  answer["user"] = row.user;
  if (const auto user = store::find_user(db, row.user)) answer["user_name"] = user->name;
  if (!row.address.empty()) answer["address"] = row.address;
  answer["action"] = row.action;
  answer["subject"] = row.subject;
  answer["id"] = row.id;
  if (!row.area.empty()) answer["area"] = row.area;
  answer["detail"] = row.detail;
  answer["previous_hash"] = row.previous_hash;
  answer["hash"] = row.hash;
  return answer;
}

// People are asked for by name; who is gone, and machines, by id.
std::string id_of(store::Session& db, const std::string& name) {
  const auto user = name.empty() ? std::nullopt : store::find_user_by_login(db, name);
  return user ? user->id : name;
}

bool says(const store::AuditRow& row, const std::string& part) {
  for (const auto* text : {&row.detail, &row.id, &row.action, &row.subject, &row.address, &row.user})
    if (text->find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

awaitable<Reply> get_keys(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  const auto keys = api.hooks().key_set();
  json::object answer;
  answer["number"] = keys ? keys->number : 0;
  if (keys) answer["issued_at"] = time_text(keys->issued);
  answer["keys"] = list_answer(keys ? keys->keys : std::vector<protocol::SigningKey>{}, key_answer)["items"];
  if (keys && keys->authorities) answer["authorities"] = list_answer(protocol::authority_facts(*keys), authority_answer)["items"];
  co_return json_response(answer);
}

Reply list_refusals(StoreCall& call) {
  Query query(call.call.request);
  if (auto problem = query.finish()) return *problem;
  return json_response(
      list_answer(store::list_refusals(call.db, call.call.roots(), holds_a_root(call)), refusal_answer));
}

Reply list_audit(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  store::AuditFilter filter;
  filter.user = id_of(call.db, query.text("user").value_or(""));
  filter.action = query.text("action", 40).value_or("");
  filter.subject = query.text("subject", 40).value_or("");
  filter.from = query.time("from");
  filter.to = query.time("to");
  const auto part = query.text("q", 200);
  const auto page = query.page<std::int64_t>("audit");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  filter.unbound = !area && holds_a_root(call);
  const auto fetch = [&](const auto& after, int most) {
    filter.before_number = after ? std::get<0>(*after) : 0;
    filter.limit = most;
    return store::list_audit(call.db, filter);
  };
  const auto key = [](const auto& row) { return std::tuple(row.number); };
  const auto write = [&](const auto& row) { return audit_answer(call.db, row); };
  if (!part) return json_response(page_answer(fetch(page.after, page.fetch()), page, key, write));
  const auto holds = [&](const auto& row) { return says(row, *part); };
  return json_response(scanned_answer(page, fetch, holds, key, write));
}

awaitable<Reply> stream_events(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  auto stream = api.events().open(call.caller.user.id, call.visible(), std::min(call.caller.session.expires, call.now + api.settings().idle_time));
  if (!stream) co_return http::Problem{503, "too_many_streams", "Too many event streams are open.", {}};
  http::Response response;
  response.content_type = "text/event-stream";
  response.body = std::move(stream);
  co_return response;
}

awaitable<Reply> health(Api& api, Call) {
  const auto checks = api.hooks().health();
  const bool ok = std::all_of(checks.begin(), checks.end(), [](const auto& check) { return check.ok; });
  auto answer = list_answer(checks, [](const auto& check) {
    json::object one{{"name", check.name}, {"ok", check.ok}};
    if (!check.detail.empty()) one["detail"] = check.detail;
    return one;
  });
  json::object body;
  body["status"] = ok ? "ok" : "degraded";
  body["version"] = LOA_VERSION;
  body["checks"] = std::move(answer["items"]);
  auto open = list_answer(api.hooks().open_alarms(), [](const auto& alarms) {
    return json::object{{"kind", alarms.kind}, {"open", alarms.open}};
  });
  body["alarms"] = std::move(open["items"]);
  co_return json_response(body, ok ? 200 : 503);
}

awaitable<Reply> get_clip(Api& api, Call call) {
  constexpr std::string_view ending = ".opus";
  std::string_view name = call.parameter("file");
  if (!name.ends_with(ending)) co_return not_found("such clip");
  name.remove_suffix(ending.size());
  const auto file = api.hooks().clip_file(name);
  if (!file) co_return not_found("such clip");
  co_return http::serve_file(call.request, *file, {"audio/ogg", "\"" + std::string(name) + "\"", true});
}

}  // namespace loa::api
