#include <algorithm>
#include <charconv>

#include "controller/api/api.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "controller/http/static_file.hpp"
#include "controller/store/audit.hpp"
#include "controller/store/receipts.hpp"

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
  return answer;
}

// The audit trail grows while it is read, so its pages go by number: the cursor is the last number seen.
http::Result<std::int64_t> before(Query& query) {
  const auto cursor = query.text("cursor").value_or("0");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
  if (error != std::errc() || end != cursor.data() + cursor.size() || number < 0)
    return http::Problem{400, "bad_parameter", "The query parameter cursor: is not the next_cursor of an answer.", {}};
  return http::Result<std::int64_t>(boost::system::in_place_value, number);
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
  const auto from = before(query);
  // The cursor is read above in its own way; Query still reads the limit.
  http::Request only_limit;
  if (const auto limit = query.text("limit")) only_limit.query.emplace_back("limit", *limit);
  Query limit_query(only_limit);
  const auto page = limit_query.page();
  if (auto problem = query.finish()) return *problem;
  if (auto problem = limit_query.finish()) return *problem;
  if (from.has_error()) return from.error();
  const auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  const bool unbound = !area && holds_a_root(call);
  auto rows = store::list_audit(call.db, *roots, unbound, page.fetch(), *from);
  const bool more = rows.size() > static_cast<std::size_t>(page.limit);
  if (more) rows.resize(static_cast<std::size_t>(page.limit));
  auto answer = list_answer(rows, [&](const auto& row) { return audit_answer(call.db, row); });
  if (more) answer["next_cursor"] = std::to_string(rows.back().number);
  return json_response(answer);
}

awaitable<Reply> stream_events(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  auto stream = api.events().open(call.caller.user.id, call.visible(), call.caller.session.expires);
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
