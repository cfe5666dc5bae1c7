#include <boost/json.hpp>

#include "controller/api/admission.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/passwords.hpp"
#include "controller/api/scopes.hpp"
#include "controller/store/api_tokens.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

// Begins every token, so that one that was left somewhere is found.
constexpr const char* kPrefix = "loa_";
constexpr int kMostDays = 366;

const char* state_of(const StoreCall& call, const store::ApiToken& token) {
  if (token.revoked) return "revoked";
  if (token.expires <= call.call.now) return "expired";
  const auto maker = store::find_user(call.db, token.creator);
  return maker && may_give(call.db, *maker, token.area) ? "active" : "maker_gone";
}

json::object token_answer(const StoreCall& call, const store::ApiToken& token) {
  json::object answer{{"id", token.id},
                      {"name", token.name},
                      {"area", token.area},
                      {"scopes", texts(token.scopes)},
                      {"state", state_of(call, token)},
                      {"created_by", user_name(call.db, token.creator)},
                      {"created_at", time_text(token.created)},
                      {"expires_at", time_text(token.expires)}};
  if (token.last_used) {
    answer["last_used_at"] = time_text(*token.last_used);
    answer["last_address"] = token.last_address;
  }
  if (token.revoked) {
    answer["revoked_at"] = time_text(*token.revoked);
    answer["revoked_by"] = user_name(call.db, token.revoked_by);
  }
  return answer;
}

}  // namespace

Reply list_tokens(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  const auto page = query.page<store::TimePoint, std::string>("tokens");
  if (auto problem = query.finish()) return *problem;
  const auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  return json_response(page_answer(store::list_api_tokens(call.db, *roots, page.after, page.fetch()), page,
                                   [](const auto& token) { return std::tuple(token.created, token.id); },
                                   [&](const auto& token) { return token_answer(call, token); }));
}

Reply create_token(StoreCall& call) {
  auto fields = Fields::parse(call.call.request.body);
  store::ApiToken token;
  token.name = fields.text("name", {1, 100});
  token.area = fields.text("area", {1, 40});
  const auto scopes = fields.optional_texts("scopes", kScopes.size(), {1, 40});
  const auto days = fields.integer("days", 1, kMostDays);
  if (!scopes || scopes->empty()) fields.fault("scopes", "missing_field", "at least one scope is needed");
  for (const auto& scope : scopes.value_or(std::vector<std::string>{})) {
    if (!parse_scope(scope)) fields.fault("scopes", "unknown_value", "there is no scope \"" + scope + "\"");
    if (std::find(token.scopes.begin(), token.scopes.end(), scope) == token.scopes.end()) token.scopes.push_back(scope);
  }
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = guard_field(call, token.area, "/area")) return *problem;
  const auto secret = kPrefix + random_token();
  token.id = protocol::random_id("t");
  token.token_hash = protocol::sha256_hex(secret);
  token.creator = call.call.caller.user.id;
  token.created = call.call.now;
  token.expires = call.call.now + std::chrono::hours(24 * days);
  auto transaction = call.write();
  store::add_api_token(transaction, token);
  transaction.commit();
  auto answer = token_answer(call, token);
  answer["token"] = secret;
  return json_response(answer, 201);
}

Reply revoke_token(StoreCall& call) {
  const auto token = store::find_api_token(call.db, call.call.parameter("id"));
  if (!token) return not_found("such token");
  if (auto problem = guard(call, token->area)) return problem->status == 404 ? not_found("such token") : *problem;
  auto transaction = call.write();
  if (!store::revoke_api_token(transaction, token->id)) return conflict("wrong_state", "This token is revoked already.");
  transaction.commit();
  return http::empty_response(204);
}

}  // namespace loa::api
