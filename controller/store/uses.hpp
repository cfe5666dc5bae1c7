#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// As what something names a programme or a stock clip.
enum class UsedAs {
  item,       ///< a broadcast's own programme
  substitute, ///< a broadcast's substitute
  stand_in,   ///< the stand-in among an area's or a node's own settings
  alert_words ///< the stock clip of an alert
};

/// Who names it.
struct Use {
  UsedAs as = UsedAs::item;
  std::string name;   ///< programme id, or the stock clip's name
  std::string area;   ///< whose the user is: rights follow it
  std::string id;     ///< broadcast, alert or node; empty: the area itself
  bool operator==(const Use&) const = default;
};

/// Broadcasts that are not cancelled and name a programme, and whose plans hold it by them.
struct ProgrammeUses {
  std::vector<Use> by;             ///< by broadcast, those of the past too
  std::vector<std::string> areas;  ///< the nodes below these,
  std::vector<std::string> nodes;  ///< and these
};
ProgrammeUses uses_of_programme(Session& session, const std::string& programme);

/// A stock clip's name in use, and where the nodes of `use.area` have it from.
struct StockUse {
  Use use;
  std::optional<std::string> from;  ///< the area whose own clip it is, empty: everyone's; nothing: they have none of this name
  bool operator==(const StockUse&) const = default;
};
/// Everything at or below `root` that names a stock clip: stand-ins, and the alerts that are in force or wait for their confirmation at `now`.
std::vector<StockUse> stock_uses(Session& session, const std::string& root, TimePoint now);

/// Those that name a stock clip which their nodes have `before` a write and not after it.
std::vector<Use> left_without(const std::vector<StockUse>& before, const std::vector<StockUse>& after);

}  // namespace loa::store
