#include <algorithm>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/invitation_answer.hpp"
#include "controller/api/password_strength.hpp"
#include "controller/api/user_branch.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

constexpr TextRule kDisplayName{1, 100};
constexpr TextRule kNewPassword{kLeastPassword, kMostPassword};

std::vector<store::Grant> read_grants(Fields& fields, const char* name, std::size_t least) {
  std::vector<store::Grant> grants;
  fields.optional_objects(name, least, 20, [&](Fields& entry) {
    store::Grant grant;
    grant.role = entry.name<store::Role>("role", store::parse_role);
    grant.area = entry.text("area", {1, 40});
    if (std::find(grants.begin(), grants.end(), grant) == grants.end()) grants.push_back(std::move(grant));
  });
  return grants;
}

// No one grants beyond the own branch.
std::optional<http::Problem> check_grants(const StoreCall& call, const std::vector<store::Grant>& grants) {
  for (std::size_t i = 0; i < grants.size(); ++i)
    if (auto problem = guard_field(call, grants[i].area, "/grants/" + std::to_string(i) + "/area")) return problem;
  return {};
}

struct Change {
  std::optional<std::string> display_name;
  std::optional<std::string> password_hash;
  std::optional<bool> disabled;
  std::optional<std::vector<store::Grant>> grants;
};

// Who the person is and whether they may sign in at all is up to an admin of everything they may do.
std::optional<http::Problem> check_change(const StoreCall& call, const FoundUser& found, const Change& change) {
  if (found.user.id == call.call.caller.user.id && (change.disabled || change.grants || change.password_hash))
    return conflict("own_account", "Nobody changes the own rights, or the own password without the old one.");
  if (!found.grants.beyond.empty() && (change.display_name || change.password_hash || change.disabled)) return not_whole();
  return change.grants ? check_grants(call, *change.grants) : std::nullopt;
}

Reply write_change(StoreCall& call, const Change& change) {
  auto found = find_user_of(call);
  if (found.has_error()) return found.error();
  if (auto problem = check_change(call, *found, change)) return *problem;
  auto& user = found->user;
  if (change.display_name) user.name = *change.display_name;
  if (change.password_hash) user.password_hash = *change.password_hash;
  if (change.disabled) user.disabled = *change.disabled;
  auto transaction = call.write();
  if (change.display_name || change.password_hash || change.disabled) store::update_user(transaction, user);
  if (change.grants) {
    auto all = found->grants.beyond;
    all.insert(all.end(), change.grants->begin(), change.grants->end());
    store::set_grants(transaction, user.id, all);
    found->grants.within = *change.grants;
  }
  transaction.commit();
  call.effects.closed_users.push_back(user.id);
  return json_response(api::user(call.db, user, found->grants.within, call.call.now));
}

Reply write_new(StoreCall& call, store::User user) {
  if (auto problem = check_grants(call, user.grants)) return *problem;
  auto transaction = call.write();
  if (!store::add_user(transaction, user)) return conflict("name_taken", "There is a user of this name already.");
  std::optional<NewInvitation> invitation;
  if (user.password_hash.empty()) invitation = make_invitation(transaction, user);
  transaction.commit();
  user.created = call.call.now;
  auto answer = api::user(call.db, user, user.grants, call.call.now);
  if (invitation) answer["invitation"] = invitation_answer(*invitation);
  return json_response(answer, 201);
}

bool is_login(const std::string& text) {
  return text.size() >= 2 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
         });
}

// Another person's password, where this controller lets admins set one.
std::optional<std::string> read_password(const Api& api, Fields& fields) {
  auto password = fields.optional_text("password", kNewPassword);
  if (password && !api.settings().passwords_by_admin)
    fields.fault("password", "invitation_only", "here people set their passwords themselves, by the link that the answer has");
  return password;
}

awaitable<http::Result<std::string>> take_password(Api& api, std::string password, std::vector<std::string> about) {
  const auto cost = api.settings().password_cost;
  auto work = [password, about, cost]() -> http::Result<std::string> {
    if (auto problem = check_password(password, about, "/password")) return std::move(*problem);
    return hash_password(password, cost);
  };
  co_return co_await api.worker().run(std::move(work));
}

}  // namespace

Reply list_users(StoreCall& call) {
  Query query(call.call.request);
  const auto page = query.page<std::string>("users");
  if (auto problem = query.finish()) return *problem;
  auto users = users_of(call);
  const auto key = [](const auto& found) { return std::tuple(found.user.login); };
  if (page.after) std::erase_if(users, [&](const auto& found) { return key(found) <= *page.after; });
  std::sort(users.begin(), users.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return json_response(
      page_answer(std::move(users), page, key, [&](const auto& found) { return api::user(call.db, found.user, found.grants.within, call.call.now); }));
}

Reply get_user(StoreCall& call) {
  auto found = find_user_of(call);
  if (found.has_error()) return found.error();
  return json_response(api::user(call.db, found->user, found->grants.within, call.call.now));
}

awaitable<Reply> create_user(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  store::User user;
  user.id = protocol::random_id("u");
  user.login = fields.text("name", {2, 64});
  user.name = fields.text("display_name", kDisplayName);
  const auto password = read_password(api, fields);
  user.grants = read_grants(fields, "grants", 1);
  if (user.grants.empty()) fields.fault("grants", "missing_field", "at least one grant is needed");
  if (!user.login.empty() && !is_login(user.login))
    fields.fault("name", "bad_name", "a to z, 0 to 9, dot, underscore and hyphen are taken");
  if (auto problem = fields.finish()) co_return std::move(*problem);
  if (password) {
    const std::vector<std::string> about{user.login, user.name};
    auto hash = co_await take_password(api, *password, about);
    if (hash.has_error()) co_return hash.error();
    user.password_hash = *hash;
  }
  auto shared = std::make_shared<Call>(std::move(call));
  StoreWork write = [user](StoreCall& store_call) { return write_new(store_call, user); };
  co_return co_await in_store(api, std::move(shared), std::move(write));
}

awaitable<Reply> change_user(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  Change change;
  change.display_name = fields.optional_text("display_name", kDisplayName);
  const auto password = read_password(api, fields);
  change.disabled = fields.optional_flag("disabled");
  std::vector<store::Grant> grants = read_grants(fields, "grants", 0);
  if (auto problem = fields.finish()) co_return std::move(*problem);
  if (fields.has("grants")) change.grants = std::move(grants);
  if (password) {
    const std::vector<std::string> about;
    auto hash = co_await take_password(api, *password, about);
    if (hash.has_error()) co_return hash.error();
    change.password_hash = *hash;
  }
  auto shared = std::make_shared<Call>(std::move(call));
  StoreWork write = [change](StoreCall& store_call) { return write_change(store_call, change); };
  co_return co_await in_store(api, std::move(shared), std::move(write));
}

}  // namespace loa::api
