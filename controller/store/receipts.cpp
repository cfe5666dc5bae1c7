#include "controller/store/receipts.hpp"

#include "controller/store/columns.hpp"

namespace loa::store {

template <>
inline constexpr protocol::MessageType sql::kLast<protocol::MessageType> = protocol::MessageType::certificate;
template <>
inline constexpr protocol::OrderKind sql::kLast<protocol::OrderKind> = protocol::OrderKind::restart;

template <>
struct sql::Fields<ReceiptRow> {
  static void visit(Columns& c, ReceiptRow& row) {
    auto& r = row.receipt;
    c("id", r.id);
    c("node", r.node);
    c("issued", r.issued);
    c("about", r.about);
    c("subject", r.subject);
    c("revision", r.revision);
    c("accepted", r.accepted);
    c("code", r.code);
    c("place", r.where);
    c("message", r.message);
    c("key_id", r.key_id);
    c("received", row.received);
  }
};

template <>
struct sql::Fields<OrderRow> {
  static void visit(Columns& c, OrderRow& row) {
    auto& o = row.order;
    c("id", o.id);
    c("node", o.node);
    c("kind", o.kind);
    c("occurrence", o.occurrence_id);
    c("from_number", o.from_number);
    c("issued", o.issued);
    c("expires", o.expires);
    c("creator", row.creator);
  }
};

template <>
struct sql::Fields<RefusalRow> {
  static void visit(Columns& c, RefusalRow& r) {
    c("node", r.node);
    c("about", r.about);
    c("code", r.code);
    c("count", r.count);
    c("place", r.where);
    c("message", r.message);
    c("last", r.last);
  }
};

namespace {

// Whoever floods made-up names must not fill the disk: beyond this, refusals of new names share one row.
constexpr int kMaxRefusalRows = 20000;

bool has_room(Session& session, const RefusalRow& refusal) {
  return sql::value<int>(session, "select count(*) from refusals").value_or(0) < kMaxRefusalRows ||
         sql::exists(session, "select 1 from refusals where node = :node and about = :about and code = :code",
                     sql::params(refusal.node, refusal.about, refusal.code));
}

}  // namespace

bool add_receipt(Transaction& transaction, const protocol::Receipt& receipt) {
  return sql::insert(transaction.session(), "receipts", ReceiptRow{receipt, transaction.now()}, "on conflict do nothing") > 0;
}

std::vector<ReceiptRow> list_receipts(Session& session, const ReceiptFilter& filter) {
  auto parameters = sql::params(sql::roots_text(filter.roots), filter.node, filter.node, filter.subject, filter.subject);
  const auto after = sql::after(filter.after, "r.received, r.id", "<", parameters);
  return sql::select_text<ReceiptRow>(
      session,
      sql::kBranch + "select " + sql::columns_of<ReceiptRow>("r") +
          " from receipts r join nodes n on n.id = r.node where n.area in (select id from branch)"
          " and (:any_node = '' or r.node = :node) and (:any_subject = '' or r.subject = :subject)" + after +
          " order by r.received desc, r.id desc" + sql::limit(filter.limit),
      std::move(parameters));
}

void add_order(Transaction& transaction, const protocol::Order& order) {
  sql::insert(transaction.session(), "orders", OrderRow{order, transaction.actor().user});
  const auto area = order.areas.empty() ? std::string() : order.areas.back();
  transaction.audit(protocol::name_of(order.kind), "order", order.id, area, order.node + " " + order.occurrence_id);
}

std::vector<OrderRow> list_orders(Session& session, const std::string& node, int limit) {
  return sql::select<OrderRow>(session, "from orders where node = :node order by issued desc, id" + sql::limit(limit),
                               sql::params(node));
}

std::vector<protocol::Order> list_open_orders(Session& session, TimePoint now) {
  std::vector<protocol::Order> orders;
  for (auto& row : sql::select<OrderRow>(session,
                                         "from orders where expires > :now"
                                         " and node in (select id from nodes where retired is null)"
                                         " and not exists (select 1 from receipts r where r.subject = orders.id"
                                         " and r.node = orders.node and r.about = :about)"
                                         " order by issued, id",
                                         sql::params(now, protocol::MessageType::order)))
    orders.push_back(std::move(row.order));
  return orders;
}

void count_refusal(Transaction& transaction, const RefusalRow& refusal) {
  RefusalRow counted = refusal;
  if (!has_room(transaction.session(), counted)) counted.node = "others";
  sql::insert(transaction.session(), "refusals", counted,
              "on conflict (node, about, code) do update set count = refusals.count + excluded.count,"
              " place = excluded.place, message = excluded.message, last = excluded.last");
}

std::map<std::string, std::int64_t> sum_refusals(Session& session) {
  std::vector<sql::Cell> row(2);
  row[0].kind = sql::Cell::Kind::text;
  row[1].kind = sql::Cell::Kind::number;
  std::map<std::string, std::int64_t> sums;
  for (const auto& cells : sql::query(session, "select code, cast(sum(count) as bigint) from refusals group by code", {}, row))
    sums[cells[0].text] = cells[1].number;
  return sums;
}

std::vector<RefusalRow> list_refusals(Session& session, const std::vector<std::string>& roots, bool unknown) {
  const std::string others = unknown ? " or node not in (select id from nodes)" : "";
  return sql::select_text<RefusalRow>(
      session,
      sql::kBranch + "select " + sql::columns_of<RefusalRow>() +
          " from refusals where node in (select n.id from nodes n where n.area in (select id from branch))" + others +
          " order by last desc, node, about, code" + sql::limit(1000),
      sql::params(sql::roots_text(roots)));
}

}  // namespace loa::store
