#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/api/call.hpp"

namespace loa::api {

class Api;

/// Runs on the store thread.
using StoreHandler = Reply (*)(StoreCall& call);
/// Runs on the loop, for what needs more than the store.
using LoopHandler = boost::asio::awaitable<Reply> (*)(Api& api, Call call);

/// Work of a loop handler that needs the store.
using StoreWork = std::function<Reply(StoreCall& call)>;
/// Runs `work` on the store thread, and on success its effects on the loop.
boost::asio::awaitable<Reply> in_store(Api& api, std::shared_ptr<Call> call, StoreWork work);

/// One line of the route table: who may do what where, and what answers.
struct Route {
  http::Method method;
  std::string_view path;  ///< whole template, `/api/v1/nodes/{id}`
  Right right;
  std::variant<StoreHandler, LoopHandler> handler;
};

/// Every route of the API; openapi.yaml describes the same.
const std::vector<Route>& routes();

/// The address below which the API is.
inline constexpr std::string_view kBase = "/api/v1";
/// The cookie that carries the session's token.
inline constexpr std::string_view kCookie = "loa_session";

}  // namespace loa::api
