#include "controller/store/uses.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "controller/store/areas.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/sql.hpp"

namespace loa::store {

const char* name_of(UsedAs as) {
  switch (as) {
    case UsedAs::item: return "item";
    case UsedAs::substitute: return "substitute";
    case UsedAs::stand_in: return "stand_in";
    case UsedAs::alert_words: return "alert_words";
  }
  return "";
}

template <>
inline constexpr UsedAs sql::kLast<UsedAs> = UsedAs::alert_words;

template <>
struct sql::Fields<Use> {
  static void visit(Columns& c, Use& use) {
    c("used_as", use.as);
    c("name", use.name);
    c("area", use.area);
    c("id", use.id);
  }
};

namespace {

/// Where the nodes of an area have the clips from that alerts and stand-ins call by name.
class StockNames {
 public:
  explicit StockNames(Session& session) {
    for (const auto& area : list_areas(session)) parents_[area.id] = area.parent;
    for (const auto& row : list_area_stock_clips(session)) own_[row.area].insert(row.stock.name);
    for (const auto& row : list_stock_clip_rows(session)) everyones_.insert(row.name);
  }

  std::optional<std::string> from(const std::string& area, const std::string& name) const {
    for (auto at = parents_.find(area); at != parents_.end(); at = parents_.find(at->second))
      if (const auto own = own_.find(at->first); own != own_.end() && own->second.contains(name)) return at->first;
    if (everyones_.contains(name)) return std::string();
    return {};
  }

 private:
  std::map<std::string, std::string> parents_;
  std::map<std::string, std::set<std::string>> own_;
  std::set<std::string> everyones_;
};

std::vector<std::string> targets(Session& session, const std::string& what, const std::string& programme) {
  return sql::values<std::string>(session,
                                  "select distinct t." + what + " from broadcast_" + what + "s t join broadcasts b on b.id = t.broadcast"
                                  " where b.cancelled is null and (b.programme = :item or b.id in"
                                  " (select s.broadcast from broadcast_substitutes s where s.programme = :substitute)) order by t." + what,
                                  sql::params(programme, programme));
}

}  // namespace

ProgrammeUses uses_of_programme(Session& session, const std::string& programme) {
  ProgrammeUses uses;
  uses.by = sql::select_text<Use>(session,
                                  "select 'item', b.programme, b.area, b.id from broadcasts b where b.cancelled is null and b.programme = :item"
                                  " union select 'substitute', s.programme, b.area, b.id from broadcast_substitutes s join broadcasts b"
                                  " on b.id = s.broadcast where b.cancelled is null and s.programme = :substitute order by 4",
                                  sql::params(programme, programme));
  uses.areas = targets(session, "area", programme);
  uses.nodes = targets(session, "node", programme);
  return uses;
}

std::vector<StockUse> stock_uses(Session& session, const std::string& root, TimePoint now) {
  const auto found = sql::select_text<Use>(
      session,
      sql::kBranch +
          "select 'stand_in', stand_in, id, '' from areas where id in (select id from branch) and stand_in <> ''"
          " union select 'stand_in', stand_in, area, id from nodes where area in (select id from branch) and retired is null and stand_in <> ''"
          " union select 'alert_words', stock_clip, area, id from alerts where area in (select id from branch) and stock_clip <> ''"
          " and cancelled is null and ((confirmed is null and confirm_before > :waits) or (confirmed is not null and expires > :lasts))"
          " order by 3, 4",
      sql::params(sql::roots_text({root}), now, now));
  const StockNames names(session);
  std::vector<StockUse> uses;
  for (const auto& use : found) uses.push_back({use, names.from(use.area, use.name)});
  return uses;
}

std::vector<Use> left_without(const std::vector<StockUse>& before, const std::vector<StockUse>& after) {
  std::vector<Use> without;
  for (const auto& now : after) {
    if (now.from) continue;
    const auto had = std::find_if(before.begin(), before.end(), [&](const auto& one) {
      return one.use.as == now.use.as && one.use.name == now.use.name && one.use.id == now.use.id && (!now.use.id.empty() || one.use.area == now.use.area);
    });
    if (had != before.end() && had->from) without.push_back(now.use);
  }
  return without;
}

}  // namespace loa::store
