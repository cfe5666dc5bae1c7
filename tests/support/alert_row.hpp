#pragma once
#include <stdexcept>

#include "controller/store/alerts.hpp"
#include "protocol/random_id.hpp"

namespace loa::tests {

/// A flood in `area` as an approver prepared it at `now`: the stock clip once, two hours in force, to be confirmed within five minutes by the token `token`.
inline store::AlertRow flood_in(const std::string& area, store::TimePoint now, const std::string& id = protocol::random_id("l")) {
  store::AlertRow row;
  row.alert.id = id;
  row.alert.area = area;
  row.alert.event = "flood";
  row.alert.title = "Lũ";
  row.alert.language = "vi";
  row.alert.stock_clip = "flood";
  row.lasts = std::chrono::hours(2);
  row.token_hash = "token";
  row.confirm_before = now + std::chrono::minutes(5);
  return row;
}

/// Prepares and confirms it; throws std::logic_error where the store takes neither.
inline void put_in_force(store::Transaction& transaction, const store::AlertRow& row) {
  if (!store::prepare_alert(transaction, row) || !store::confirm_alert(transaction, row.alert.id, row.token_hash))
    throw std::logic_error("the alert is not taken");
}

}  // namespace loa::tests
