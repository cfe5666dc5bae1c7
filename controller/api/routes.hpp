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
/// Runs `work` on the store thread for whom it admits there and then, and on success its effects on the loop: what a loop handler has waited
/// for may have outlived the session or the rights of the one who asked.
boost::asio::awaitable<Reply> in_store(Api& api, std::shared_ptr<Call> call, StoreWork work);

/// One line of the route table: who may do what where, and what answers.
struct Route {
  http::Method method;
  std::string_view path;  ///< whole template, `/api/v1/nodes/{id}`
  Right right;
  std::variant<StoreHandler, LoopHandler> handler;
  std::string_view takes = "application/json";  ///< type of a body; empty: any
  Scope scope = Scope::none;                    ///< of a machine's token that opens it
  bool fresh = false;                           ///< wants a proof of who asks that is not older than kFresh
  store::Lane lane = store::Lane::usual;        ///< urgent: what lets an alert out, ends it, or silences loudspeakers
};

/// How long a proof (sign-in, or password or code given again) is good for what must not be done by a stranger at an open screen.
inline constexpr store::Millis kFresh = std::chrono::minutes(15);

/// Every route of the API; openapi.yaml describes the same.
const std::vector<Route>& routes();

/// The address below which the API is.
inline constexpr std::string_view kBase = "/api/v1";
/// The cookie that carries the session's token. Browsers take a name of this prefix only over TLS (or from this machine), from this very
/// host, for all of it (RFC 6265bis section 4.1.3.2).
inline constexpr std::string_view kCookie = "__Host-loa_session";
/// The cookie by which a device is known on which somebody has signed in; it gives no right.
inline constexpr std::string_view kDeviceCookie = "__Host-loa_device";
/// The header with which a program says that nobody is in front of it: such a request does not keep the session from ending unused.
inline constexpr std::string_view kUnattended = "loa-unattended";

}  // namespace loa::api
