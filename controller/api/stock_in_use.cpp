#include "controller/api/stock_in_use.hpp"

#include "controller/store/nodes.hpp"

namespace loa::api {
namespace {

std::string sentence(const StoreCall& call, const store::Use& use) {
  const auto clip = "the stock clip \"" + use.name + "\"";
  if (use.as == store::UsedAs::alert_words) return "Alert " + use.id + " says " + clip + "; cancel it first, or wait for its end.";
  const auto node = use.id.empty() ? std::nullopt : store::find_node(call.db, use.id);
  const auto who = node ? "Node " + node->code : "Area " + use.area;
  return who + " has " + clip + " stand in; let it have another first.";
}

}  // namespace

StockInUse::StockInUse(const StoreCall& call, const std::string& area)
    : call_(call), before_(store::stock_uses(call.db, area, call.call.now)) {}

std::optional<http::Problem> StockInUse::refuse_loss(const std::string& area) const {
  const auto without = store::left_without(before_, store::stock_uses(call_.db, area, call_.call.now));
  if (without.empty()) return {};
  return conflict("stock_clip_in_use", sentence(call_, without.front()));
}

}  // namespace loa::api
