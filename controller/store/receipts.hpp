#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "protocol/messages.hpp"

namespace loa::store {

/// A node's answer, and when it came; false where that receipt is known already.
bool add_receipt(Transaction& transaction, const protocol::Receipt& receipt);
struct ReceiptRow {
  protocol::Receipt receipt;
  TimePoint received;
};
struct ReceiptFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  std::string node;                ///< empty: any
  std::string subject;             ///< empty: any
  int limit = 100;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this received and id
};
/// Newest first.
std::vector<ReceiptRow> list_receipts(Session& session, const ReceiptFilter& filter);

/// An order that was sent.
struct OrderRow {
  protocol::Order order;
  std::string creator;
};
void add_order(Transaction& transaction, const protocol::Order& order);
std::vector<OrderRow> list_orders(Session& session, const std::string& node, int limit = 50);
/// Those to live nodes that have not expired at `now` and that their node has not answered, oldest first; without their areas.
std::vector<protocol::Order> list_open_orders(Session& session, TimePoint now);

/// Messages said to be of `node` that were not taken: how often, and the last.
struct RefusalRow {
  std::string node;   ///< as the topic named it; may be unknown
  std::string about;  ///< `state`, `receipt`, `log`, `revision`
  std::string code;
  std::int64_t count = 0;
  std::string where;
  std::string message;
  TimePoint last;
};
/// Counts `count` refusals; the table keeps one row a node, about and code.
void count_refusal(Transaction& transaction, const RefusalRow& refusal);
/// How many messages were not taken, by code.
std::map<std::string, std::int64_t> sum_refusals(Session& session);
/// Newest first; of nodes in the branches of `roots`, with those of unknown nodes where `unknown` is set.
std::vector<RefusalRow> list_refusals(Session& session, const std::vector<std::string>& roots, bool unknown = false);

}  // namespace loa::store
