#include "controller/store/areas.hpp"

#include <algorithm>

#include "controller/store/columns.hpp"
#include "protocol/limits.hpp"

namespace loa::store {

template <>
struct sql::Fields<Area> {
  static void visit(Columns& c, Area& a) {
    c("id", a.id);
    c("parent", Reference{a.parent});
    c("code", a.code);
    words(c, "old_codes", a.old_codes);
    c("name", a.name);
    c("kind", a.kind);
    c("time_zone", a.time_zone);
    c("latitude", a.latitude);
    c("longitude", a.longitude);
    c("km2", a.km2);
    policy_columns(c, a.policy);
    settings_columns(c, a.settings);
  }
};

namespace {

bool valid_id(const std::string& id) {
  return !id.empty() && id.size() <= 40 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

bool has_area(Session& session, const std::string& id) {
  return sql::exists(session, "select 1 from areas where id = :id", sql::params(id));
}

// How many levels the subtree of `id` has, itself included.
std::size_t levels_below(Session& session, const std::string& id) {
  std::size_t deepest = 0;
  for (const auto& area : subtree(session, {id})) deepest = std::max(deepest, chain(session, area.id).size());
  return deepest + 1 - std::max<std::size_t>(chain(session, id).size(), 1);
}

bool set(Transaction& transaction, const Area& area, std::string_view action) {
  if (sql::update(transaction.session(), "areas", area, "id = :id", sql::params(area.id)) == 0) return false;
  transaction.audit(action, "area", area.id, area.id);
  return true;
}

// Parents before children: the database gives no order, and an id says nothing of its place.
std::vector<Area> by_depth(std::vector<Area> areas) {
  std::vector<Area> sorted;
  std::sort(areas.begin(), areas.end(), [](const Area& a, const Area& b) { return a.name < b.name; });
  std::vector<std::string> level;
  const auto is_here = [&](const std::string& id) {
    return std::any_of(areas.begin(), areas.end(), [&](const Area& a) { return a.id == id; });
  };
  for (const auto& area : areas)
    if (!is_here(area.parent)) level.push_back(area.id);
  while (!level.empty()) {
    std::vector<std::string> below;
    for (const auto& id : level)
      for (const auto& area : areas) {
        if (area.id == id) sorted.push_back(area);
        if (area.parent == id) below.push_back(area.id);
      }
    level = std::move(below);
  }
  return sorted;
}

}  // namespace

bool add_area(Transaction& transaction, const Area& area) {
  auto& session = transaction.session();
  if (!valid_id(area.id) || has_area(session, area.id)) return false;
  if (!area.parent.empty() && !has_area(session, area.parent)) return false;
  if (chain(session, area.parent).size() >= protocol::kMaxAreas) return false;
  sql::insert(session, "areas", area);
  transaction.audit("add", "area", area.id, area.id, area.name);
  return true;
}

bool update_area(Transaction& transaction, const Area& area) {
  auto& session = transaction.session();
  if (!area.parent.empty() && (!has_area(session, area.parent) || is_within(session, area.parent, {area.id}))) return false;
  if (chain(session, area.parent).size() + levels_below(session, area.id) > protocol::kMaxAreas) return false;
  return set(transaction, area, "update");
}

bool set_area_policy(Transaction& transaction, const std::string& id, const AreaPolicy& policy) {
  auto area = find_area(transaction.session(), id);
  if (!area) return false;
  area->policy = policy;
  return set(transaction, *area, "set_policy");
}

bool set_area_settings(Transaction& transaction, const std::string& id, const OwnSettings& settings) {
  auto area = find_area(transaction.session(), id);
  if (!area) return false;
  area->settings = settings;
  return set(transaction, *area, "set_settings");
}

std::optional<Area> find_area(Session& session, const std::string& id) {
  return sql::select_one<Area>(session, "from areas where id = :id", sql::params(id));
}

std::optional<Area> find_area_by_code(Session& session, const std::string& code) {
  if (code.empty() || code.find_first_of(" %_") != std::string::npos) return std::nullopt;
  auto found = sql::select_one<Area>(session, "from areas where code = :code order by id", sql::params(code));
  if (found) return found;
  return sql::select_one<Area>(session, "from areas where ' ' || old_codes || ' ' like :code order by id",
                               sql::params("% " + code + " %"));
}

std::vector<Area> subtree(Session& session, const std::vector<std::string>& roots) {
  std::vector<Area> found;
  const auto ids = sql::values<std::string>(session, sql::kBranch + "select id from branch",
                                            sql::params(sql::roots_text(roots)));
  for (auto& area : list_areas(session))
    if (std::find(ids.begin(), ids.end(), area.id) != ids.end()) found.push_back(std::move(area));
  return found;
}

std::vector<Area> list_areas(Session& session) { return by_depth(sql::select<Area>(session, "from areas")); }

std::vector<std::string> chain(Session& session, const std::string& id) {
  return sql::values<std::string>(
      session,
      "with recursive up (id, parent, depth) as (select id, parent, 0 from areas where id = :id"
      " union all select areas.id, areas.parent, up.depth + 1 from areas join up on areas.id = up.parent)"
      " select id from up order by depth desc",
      sql::params(id));
}

bool is_within(Session& session, const std::string& id, const std::vector<std::string>& roots) {
  const auto above = chain(session, id);
  return std::any_of(above.begin(), above.end(), [&](const std::string& area) {
    return std::find(roots.begin(), roots.end(), area) != roots.end();
  });
}

Inherited inherit(const std::vector<Area>& areas) {
  Inherited all;
  std::vector<scheduler::Policy> policies;
  for (const auto& area : areas) {
    apply(all, area.settings, area.id);
    policies.push_back(area.policy.limits);
    if (area.policy.self_approval) all.self_approval = *area.policy.self_approval;
    if (!area.time_zone.empty()) all.time_zone = area.time_zone;
  }
  all.policy = scheduler::resolve_policy(policies);
  return all;
}

void apply(Inherited& all, const OwnSettings& own, const std::string& id) {
  if (own.mute.value_or(false) && !all.mute) {
    all.mute = true;
    all.muted_by = id;
  }
  all.volume = own.volume.value_or(all.volume);
  all.alert_volume = own.alert_volume.value_or(all.alert_volume);
  if (own.volume_by_hour) all.volume_by_hour = *own.volume_by_hour;
  all.stand_in = own.stand_in.value_or(all.stand_in);
}

Inherited inherited(Session& session, const std::string& id) {
  std::vector<Area> areas;
  for (const auto& above : chain(session, id))
    if (auto area = find_area(session, above)) areas.push_back(std::move(*area));
  return inherit(areas);
}

}  // namespace loa::store
