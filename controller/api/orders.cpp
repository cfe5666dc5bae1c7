#include "controller/api/area_answers.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/word.hpp"
#include "controller/store/receipts.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

using protocol::Order;
using protocol::OrderKind;

// A stop is for what sounds now and must not come late; the rest may wait for a node that is coming back.
store::Millis lasts(OrderKind kind) {
  return kind == OrderKind::stop ? store::Millis(std::chrono::minutes(1)) : store::Millis(std::chrono::minutes(10));
}

Order new_order(const StoreCall& call, const store::Node& node, OrderKind kind) {
  Order order;
  order.id = protocol::random_id("o");
  order.node = node.id;
  order.issued = call.call.now;
  order.expires = call.call.now + lasts(kind);
  order.kind = kind;
  order.areas = store::chain(call.db, node.area);
  return order;
}

json::object order_answer(const Order& order) {
  return {{"id", order.id},
          {"node", order.node},
          {"kind", name_of(order.kind)},
          {"issued_at", time_text(order.issued)},
          {"expires_at", time_text(order.expires)}};
}

json::object receipt_answer(const store::ReceiptRow& row) {
  const auto& receipt = row.receipt;
  json::object answer;
  answer["id"] = receipt.id;
  answer["node"] = receipt.node;
  answer["about"] = name_of(receipt.about);
  answer["subject"] = receipt.subject;
  answer["revision"] = receipt.revision;
  answer["accepted"] = receipt.accepted;
  if (!receipt.code.empty()) answer["code"] = receipt.code;
  if (!receipt.where.empty()) answer["where"] = receipt.where;
  if (!receipt.message.empty()) answer["message"] = receipt.message;
  answer["received_at"] = time_text(row.received);
  return answer;
}

}  // namespace

Reply order_node(StoreCall& call) {
  const auto node = store::find_node(call.db, call.call.parameter("id"));
  if (!node || node->retired) return not_found("such node");
  if (auto problem = guard(call, node->area)) return *problem;
  auto fields = Fields::parse(call.call.request.body);
  auto order = new_order(call, *node, fields.name<OrderKind>("kind", parse_word<OrderKind, OrderKind::restart>));
  order.occurrence_id = fields.optional_text("occurrence", {1, 80}).value_or("");
  order.from_number = fields.optional_integer("from_number", 1, INT64_MAX).value_or(0);
  order.expires = order.issued + lasts(order.kind);
  if (!order.occurrence_id.empty() && order.kind != OrderKind::stop)
    fields.fault("occurrence", "not_here", "only `stop` takes it");
  if (order.from_number != 0 && order.kind != OrderKind::report)
    fields.fault("from_number", "not_here", "only `report` takes it");
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = refuse_on_hold(call)) return *problem;
  auto transaction = call.write();
  store::add_order(transaction, order);
  transaction.commit();
  call.effects.orders.push_back(order);
  return json_response(order_answer(order), 202);
}

Reply stop_area(StoreCall& call) {
  const auto& area = call.call.parameter("id");
  if (auto problem = guard(call, area)) return *problem;
  if (!call.call.request.body.empty()) {
    auto fields = Fields::parse(call.call.request.body);
    if (auto problem = fields.finish()) return *problem;
  }
  if (auto problem = refuse_on_hold(call)) return *problem;
  auto transaction = call.write();
  for (const auto& node : store::list_nodes(call.db, {area})) {
    call.effects.orders.push_back(new_order(call, node, OrderKind::stop));
    store::add_order(transaction, call.effects.orders.back());
  }
  transaction.commit();
  return json_response(list_answer(call.effects.orders, order_answer), 202);
}

Reply list_receipts(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  store::ReceiptFilter filter;
  filter.node = query.text("node").value_or("");
  filter.subject = query.text("subject").value_or("");
  const auto page = query.page<store::TimePoint, std::string>("receipts");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  filter.limit = page.fetch();
  filter.after = page.after;
  return json_response(page_answer(store::list_receipts(call.db, filter), page, [](const auto& row) { return std::tuple(row.received, row.receipt.id); },
                                   receipt_answer));
}

}  // namespace loa::api
