#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/csv.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/node_codes.hpp"
#include "controller/store/nodes.hpp"
#include "protocol/random_id.hpp"

// Boards that come and go: revoked, replaced, and many at once. Lambdas are named before they are awaited on (gcc bug 107288).
namespace loa::api {
namespace {

constexpr std::string_view kColumns[] = {"code", "name", "area", "lat", "lon"};
constexpr std::size_t kMostRequest = 16 * 1024;
constexpr std::size_t kMostRows = 500;  // the answer holds a bundle of about 12 kB for each

/// A board on its way into the store, with the line of the file that names it.
struct Coming {
  int line = 0;
  store::Node node;
  std::vector<std::string> chain;
  std::string bundle;
  std::string former;  ///< id of the board whose place it takes, where it takes one
};

json::object made_of(const Coming& coming) {
  return {{"node", coming.node.id}, {"code", coming.node.code}, {"bundle", coming.bundle}};
}

// What the store knows binds the controller at once; the broker lets a board do what it could until it was told. The answer says how far it came.
awaitable<Reply> with_broker(Api& api, Reply reply) {
  if (reply.has_error()) co_return reply;
  const auto why = co_await api.hooks().broker_told();
  auto answer = json::parse(std::get<std::string>(reply->body)).as_object();
  answer["barred"] = why.empty();
  if (!why.empty()) answer["detail"] = why;
  co_return json_response(answer, reply->status);
}

void note(StoreCall& call, const store::Node& node) {
  call.effects.nodes.push_back(node.id);
  call.effects.changed_nodes.push_back(node.id);
  call.effects.events.push_back({"node", node.id, node.area, node.id, "", {}});
}

http::Result<Coming> make_board(Api& api, Coming coming) {
  auto board = api.hooks().make_board(coming.node.id, coming.node.code, coming.chain);
  if (board.has_error()) return board.error();
  coming.node.signing_key = board->signing_key;
  coming.node.certificate_serial = board->certificate_serial;
  coming.node.certificate_pem = std::move(board->certificate_pem);
  coming.bundle = std::move(board->bundle);
  return coming;
}

// The place that is to get a new board, with its chain; live or revoked.
http::Result<Coming> check_replaced(const StoreCall& call, const std::string& code) {
  const auto place = store::find_place(call.db, code);
  if (!place) return not_found("node of this code");
  if (auto problem = guard(call, place->area)) {
    if (problem->status == 404) return not_found("node of this code");
    return *problem;
  }
  Coming coming;
  coming.node = *place;
  coming.former = place->id;
  coming.node.id = protocol::random_id("n");
  coming.chain = store::chain(call.db, place->area);
  return coming;
}

// Keys were made meanwhile: the place is looked up anew, and what it is now decides who may do this.
Reply write_replaced(StoreCall& call, const Coming& coming) {
  const auto changed = [] { return conflict("changed_meanwhile", "The node was changed or replaced meanwhile; look and begin again."); };
  const auto place = store::find_place(call.db, coming.node.code);
  if (!place || place->id != coming.former || place->area != coming.node.area || store::chain(call.db, place->area) != coming.chain) return changed();
  if (auto problem = guard(call, place->area)) return *problem;
  auto transaction = call.write();
  const auto before = store::replace_node(transaction, coming.node);
  if (!before) return changed();
  transaction.commit();
  note(call, coming.node);
  if (!before->retired) call.effects.changed_nodes.push_back(before->id);
  auto answer = made_of(coming);
  answer["before"] = before->id;
  return json_response(answer, 201);
}

Coming read_row(const CsvRow& row, store::TimePoint now, CsvFaults& faults) {
  Coming coming;
  coming.line = row.line;
  auto& node = coming.node;
  node.id = protocol::random_id("n");
  node.code = row.cells[0];
  node.name = row.cells[1].empty() ? row.cells[0] : row.cells[1];
  node.area = row.cells[2];
  node.created = now;
  if (!is_node_code(node.code)) faults.add(row.line, kColumns[0], fmt::format("\"{}\" is no code: {}", node.code, kNodeCodeRule));
  if (node.name.size() > 400) faults.add(row.line, kColumns[1], "at most 400 bytes are taken");
  node.latitude = number_in(row, 3, kColumns[3], -90, 90, faults);
  node.longitude = number_in(row, 4, kColumns[4], -180, 180, faults);
  return coming;
}

std::vector<Coming> read_rows(std::string_view text, store::TimePoint now, CsvFaults& faults) {
  std::vector<Coming> boards;
  std::map<std::string, int> line_of;
  for (const auto& row : read_csv(text, kColumns, kMostRows, faults)) {
    boards.push_back(read_row(row, now, faults));
    const auto [first, added] = line_of.emplace(row.cells[0], row.line);
    if (!added) faults.add(row.line, kColumns[0], fmt::format("\"{}\" stands in line {} too", row.cells[0], first->second));
  }
  return boards;
}

// Every row against what the store has, before any key is made.
void check_rows(const StoreCall& call, std::vector<Coming>& boards, CsvFaults& faults) {
  const auto room = static_cast<std::size_t>(std::max(0, store::kMostNodes - store::count_live_nodes(call.db)));
  if (boards.size() > room) faults.add(boards[room].line, kColumns[0], kTooManyNodes);
  std::map<std::string, std::vector<std::string>> chains;
  for (auto& [line, node, chain, bundle, former] : boards) {
    if (store::find_node_by_code(call.db, node.code))
      faults.add(line, kColumns[0], fmt::format("there is a node of code \"{}\" already", node.code));
    if (!chains.contains(node.area) && !guard(call, node.area)) chains[node.area] = store::chain(call.db, node.area);
    const auto found = chains.find(node.area);
    if (found == chains.end())
      faults.add(line, kColumns[2], fmt::format("there is no area \"{}\" that you administer", node.area));
    else
      chain = found->second;
  }
}

Reply write_boards(StoreCall& call, const std::vector<Coming>& boards) {
  auto transaction = call.write();
  json::array made;
  for (const auto& board : boards) {
    if (guard(call, board.node.area) || !store::add_node(transaction, board.node))
      return conflict("changed_meanwhile", fmt::format("Line {} holds no more: nothing was imported; look and begin again.", board.line));
    made.push_back(made_of(board));
  }
  transaction.commit();
  for (const auto& board : boards) note(call, board.node);
  json::object answer;
  answer["items"] = std::move(made);
  return json_response(answer, 201);
}

Reply write_revoked(StoreCall& call) {
  const auto node = store::find_node(call.db, call.call.parameter("id"));
  if (!node) return not_found("such node");
  if (auto problem = guard(call, node->area)) {
    if (problem->status == 404) return not_found("such node");
    return *problem;
  }
  if (node->retired) return conflict("wrong_state", "This board is revoked already.");
  auto transaction = call.write();
  if (!store::retire_node(transaction, node->id)) return not_found("such node");
  transaction.commit();
  note(call, *node);
  return json_response({{"node", node->id}, {"code", node->code}});
}

}  // namespace

awaitable<Reply> revoke_node(Api& api, Call call) {
  StoreWork write = write_revoked;
  auto reply = co_await in_store(api, std::make_shared<Call>(std::move(call)), std::move(write));
  co_return co_await with_broker(api, std::move(reply));
}

// Anyone may ask, and everyone gets the same answer: what is not signed with a bundle's key changes nothing.
awaitable<Reply> tell_refused_board(Api& api, Call call) {
  if (call.request.body.size() > kMostRequest) co_return http::Problem{413, "too_large", "A request for a certificate is smaller.", {}};
  api.hooks().board_refused(std::move(call.request.body));
  co_return json_response({}, 202);
}

awaitable<Reply> replace_node(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  const auto code = fields.text("code", {1, 40});
  if (auto problem = fields.finish()) co_return std::move(*problem);
  auto shared = std::make_shared<Call>(std::move(call));
  auto check = [shared, code](store::Session& db) {
    Effects none;
    const StoreCall store_call{*shared, db, none};
    return check_replaced(store_call, code);
  };
  auto coming = co_await api.store().run(std::move(check));
  if (coming.has_error()) co_return coming.error();
  auto made = make_board(api, std::move(*coming));
  if (made.has_error()) co_return made.error();
  StoreWork write = [board = *made](StoreCall& store_call) { return write_replaced(store_call, board); };
  auto reply = co_await in_store(api, std::move(shared), std::move(write));
  co_return co_await with_broker(api, std::move(reply));
}

awaitable<Reply> import_nodes(Api& api, Call call) {
  if (!call.request.header("content-type").starts_with("text/csv"))
    co_return http::Problem{415, "wrong_content_type", "A text/csv body is wanted.", {}};
  auto faults = std::make_shared<CsvFaults>();
  auto boards = std::make_shared<std::vector<Coming>>(read_rows(call.request.body, call.now, *faults));
  auto shared = std::make_shared<Call>(std::move(call));
  auto check = [shared, boards, faults](store::Session& db) {
    Effects none;
    const StoreCall store_call{*shared, db, none};
    check_rows(store_call, *boards, *faults);
  };
  co_await api.store().run(std::move(check));
  if (!faults->empty()) co_return std::move(*faults).problem();
  for (auto& board : *boards) {
    auto made = make_board(api, std::move(board));
    if (made.has_error()) co_return made.error();
    board = std::move(*made);
    // Two milliseconds of key making each: others have their turn between.
    co_await boost::asio::post(api.store().loop(), boost::asio::use_awaitable);
  }
  StoreWork write = [boards](StoreCall& store_call) { return write_boards(store_call, *boards); };
  co_return co_await in_store(api, std::move(shared), std::move(write));
}

}  // namespace loa::api
