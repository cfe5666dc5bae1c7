#include <algorithm>

#include "controller/api/api.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/node_codes.hpp"
#include "controller/api/stock_in_use.hpp"
#include "controller/api/word.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

constexpr TextRule kName{1, 100};

// The live node of the path, where the caller has the route's right on its area.
http::Result<store::NodeRow> find(const StoreCall& call) {
  auto row = store::find_node_row(call.db, call.call.parameter("id"));
  if (!row || row->node.retired) return not_found("such node");
  if (auto problem = guard(call, row->node.area)) {
    if (problem->status == 404) return not_found("such node");
    return *problem;
  }
  return std::move(*row);
}

http::Response node_response(const StoreCall& call, const std::string& id) {
  return json_response(node(call.db, store::find_node_row(call.db, id).value(), call.call.now));
}

Event changed(const store::Node& node) { return {"node", node.id, node.area, node.id, "", {}}; }

Reply write_new(StoreCall& call, store::Node node, const std::string& bundle) {
  if (auto problem = guard_field(call, node.area, "/area")) return *problem;
  auto transaction = call.write();
  if (!store::add_node(transaction, node)) return conflict("code_taken", "There is a node of this code already.");
  transaction.commit();
  call.effects.nodes.push_back(node.id);
  call.effects.changed_nodes.push_back(node.id);
  call.effects.events.push_back(changed(node));
  json::object answer;
  answer["node"] = api::node(call.db, store::find_node_row(call.db, node.id).value(), call.call.now);
  answer["bundle"] = bundle;
  return json_response(answer, 201);
}

// What must hold before keys are made; the chain of areas, the root first.
http::Result<std::vector<std::string>> check_new(StoreCall& call, const store::Node& node) {
  if (auto problem = guard_field(call, node.area, "/area")) return *problem;
  if (store::count_live_nodes(call.db) >= store::kMostNodes) return conflict("too_many_nodes", std::string("There is no room: ") + kTooManyNodes + ".");
  if (store::find_node_by_code(call.db, node.code))
    return conflict("code_taken", "There is a node of this code already.");
  return store::chain(call.db, node.area);
}

}  // namespace

Reply list_nodes(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  const auto status = query.name<store::NodeStatus>("status", parse_word<store::NodeStatus, store::NodeStatus::unknown>);
  const auto page = query.page<std::string, std::string>("nodes");
  if (auto problem = query.finish()) return *problem;
  const auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  auto rows = store::list_node_rows(call.db, *roots);
  if (status) std::erase_if(rows, [&](const auto& row) { return store::status_of(row, call.call.now) != *status; });
  const auto key = [](const auto& row) { return std::tuple(row.node.code, row.node.id); };
  if (page.after) std::erase_if(rows, [&](const auto& row) { return key(row) <= *page.after; });
  std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return json_response(
      page_answer(std::move(rows), page, key, [&](const auto& row) { return node(call.db, row, call.call.now); }));
}

Reply get_node(StoreCall& call) {
  const auto row = find(call);
  if (row.has_error()) return row.error();
  return json_response(node(call.db, *row, call.call.now));
}

awaitable<Reply> create_node(Api& api, Call call) {
  auto fields = Fields::parse(call.request.body);
  store::Node node;
  node.id = protocol::random_id("n");
  node.code = fields.text("code", {1, 40});
  node.area = fields.text("area", {1, 40});
  node.name = fields.text("name", kName);
  node.latitude = fields.optional_number("lat", -90, 90);
  node.longitude = fields.optional_number("lon", -180, 180);
  node.created = call.now;
  if (!node.code.empty() && !is_node_code(node.code)) fields.fault("code", "bad_code", kNodeCodeRule);
  if (auto problem = fields.finish()) co_return std::move(*problem);
  auto shared = std::make_shared<Call>(std::move(call));
  auto check = [shared, node](store::Session& db) {
    Effects none;
    StoreCall store_call{*shared, db, none};
    return check_new(store_call, node);
  };
  auto chain = co_await api.store().run(std::move(check));
  if (chain.has_error()) co_return chain.error();
  auto board = api.hooks().make_board(node.id, node.code, *chain);
  if (board.has_error()) co_return board.error();
  node.signing_key = board->signing_key;
  node.certificate_serial = board->certificate_serial;
  node.certificate_pem = board->certificate_pem;
  StoreWork write = [node, bundle = board->bundle](StoreCall& store_call) { return write_new(store_call, node, bundle); };
  co_return co_await in_store(api, std::move(shared), std::move(write));
}

Reply change_node(StoreCall& call) {
  auto row = find(call);
  if (row.has_error()) return row.error();
  auto changed_node = row->node;
  auto fields = Fields::parse(call.call.request.body);
  if (auto name = fields.optional_text("name", kName)) changed_node.name = *name;
  if (auto area = fields.optional_text("area", {1, 40})) changed_node.area = *area;
  if (auto lat = fields.optional_number("lat", -90, 90)) changed_node.latitude = lat;
  if (auto lon = fields.optional_number("lon", -180, 180)) changed_node.longitude = lon;
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = guard_field(call, changed_node.area, "/area")) return *problem;
  const StockInUse stock(call, row->node.area);
  auto transaction = call.write();
  if (!store::update_node(transaction, changed_node)) return not_found("such node");
  if (auto problem = stock.refuse_loss(changed_node.area)) return *problem;
  transaction.commit();
  if (changed_node.area != row->node.area) {
    call.effects.nodes.push_back(changed_node.id);
    call.effects.changed_nodes.push_back(changed_node.id);
  }
  call.effects.events.push_back(changed(changed_node));
  return node_response(call, changed_node.id);
}

Reply set_node_settings(StoreCall& call) {
  const auto row = find(call);
  if (row.has_error()) return row.error();
  auto fields = Fields::parse(call.call.request.body);
  const auto settings = read_settings(fields);
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = check_settings(call, settings, row->node.settings, row->node.area)) return *problem;
  auto transaction = call.write();
  if (!store::set_node_settings(transaction, row->node.id, settings)) return not_found("such node");
  transaction.commit();
  call.effects.nodes.push_back(row->node.id);
  call.effects.events.push_back(changed(row->node));
  return node_response(call, row->node.id);
}

}  // namespace loa::api
