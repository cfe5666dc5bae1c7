#include "controller/store/user_sessions.hpp"

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/user_branch.hpp"

namespace loa::api {
namespace {

Reply sessions_of(const StoreCall& call, const std::string& user, std::chrono::minutes idle) {
  const auto& own = call.call.caller.session.id;
  return json_response(list_answer(store::list_user_sessions(call.db, user, call.call.now, idle),
                                   [&](const auto& session) { return user_session(session, session.id == own); }));
}

Reply ended(StoreCall& call, const std::string& user) {
  call.effects.closed_users.push_back(user);
  return http::empty_response(204);
}

Reply end_one(StoreCall& call, const std::string& user, const std::string& session) {
  auto transaction = call.write();
  if (!store::end_user_session(transaction, user, session)) return not_found("such session");
  transaction.commit();
  return ended(call, user);
}

Reply end_all(StoreCall& call, const std::string& user, const std::string& except) {
  auto transaction = call.write();
  store::end_user_sessions(transaction, user, except);
  transaction.commit();
  return ended(call, user);
}

}  // namespace

awaitable<Reply> list_sessions(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  StoreWork read = [idle = api.settings().idle_time](StoreCall& store_call) {
    return sessions_of(store_call, store_call.call.caller.user.id, idle);
  };
  auto shared = std::make_shared<Call>(std::move(call));
  co_return co_await in_store(api, std::move(shared), std::move(read));
}

Reply end_session(StoreCall& call) { return end_one(call, call.call.caller.user.id, call.call.parameter("id")); }

Reply end_other_sessions(StoreCall& call) { return end_all(call, call.call.caller.user.id, call.call.caller.session.id); }

awaitable<Reply> list_user_sessions(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  StoreWork read = [idle = api.settings().idle_time](StoreCall& store_call) -> Reply {
    const auto found = find_whole_user(store_call);
    if (found.has_error()) return found.error();
    return sessions_of(store_call, found->user.id, idle);
  };
  auto shared = std::make_shared<Call>(std::move(call));
  co_return co_await in_store(api, std::move(shared), std::move(read));
}

Reply end_user_sessions(StoreCall& call) {
  const auto found = find_whole_user(call);
  if (found.has_error()) return found.error();
  return end_all(call, found->user.id, call.call.caller.session.id);
}

Reply end_user_session(StoreCall& call) {
  const auto found = find_whole_user(call);
  if (found.has_error()) return found.error();
  return end_one(call, found->user.id, call.call.parameter("session"));
}

}  // namespace loa::api
