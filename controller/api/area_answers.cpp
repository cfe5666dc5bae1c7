#include "controller/api/area_answers.hpp"

#include <algorithm>

#include "controller/api/day_hours.hpp"
#include "controller/api/fields.hpp"
#include "controller/store/clips.hpp"
#include "scheduler/playhead.hpp"

namespace loa::api {

AreaView::AreaView(store::Session& db, const std::vector<std::string>& roots, store::TimePoint now) {
  for (auto& area : store::list_areas(db)) x_areas.emplace(area.id, area);
  for (const auto& row : store::list_node_rows(db, roots)) {
    const auto status = name_of(store::status_of(row, now));
    for (const auto& area : row.areas) {
      auto& counts = x_counts[area];
      ++counts.total;
      ++counts.by_status[status];
    }
  }
}

store::Inherited AreaView::inherited(const store::Area& area) const {
  std::vector<store::Area> chain{area};
  while (!chain.back().parent.empty()) {
    const auto found = x_areas.find(chain.back().parent);
    if (found == x_areas.end()) break;
    chain.push_back(found->second);
  }
  std::reverse(chain.begin(), chain.end());
  return store::inherit(chain);
}

json::object AreaView::answer(const store::Area& area) const {
  static constexpr const char* statuses[] = {"ready", "playing", "fetching", "offline", "muted", "error", "unknown"};
  const auto found = x_counts.find(area.id);
  const auto counts = found == x_counts.end() ? Counts{} : found->second;
  json::object nodes;
  nodes["total"] = counts.total;
  for (const auto* status : statuses) {
    const auto count = counts.by_status.find(status);
    nodes[status] = count == counts.by_status.end() ? 0 : count->second;
  }
  const auto holds = inherited(area);
  json::object answer;
  answer["id"] = area.id;
  answer["code"] = area.code;
  answer["old_codes"] = texts(area.old_codes);
  answer["name"] = area.name;
  answer["kind"] = area.kind;
  if (!area.parent.empty()) answer["parent"] = area.parent;
  answer["time_zone"] = holds.time_zone;
  if (area.latitude) answer["lat"] = *area.latitude;
  if (area.longitude) answer["lon"] = *area.longitude;
  if (area.km2) answer["km2"] = *area.km2;
  answer["nodes"] = std::move(nodes);
  answer["settings"] = settings(area.settings);
  answer["effective_settings"] = effective_settings(holds);
  answer["policy"] = policy(area.policy);
  answer["effective_policy"] = policy({holds.policy, holds.self_approval});
  return answer;
}

http::Response area_response(store::Session& db, const std::string& id, store::TimePoint now, unsigned status) {
  const AreaView view(db, {id}, now);
  return json_response(view.answer(store::find_area(db, id).value()), status);
}

store::OwnSettings read_settings(Fields& fields) {
  store::OwnSettings settings;
  settings.volume_by_hour = read_volume_by_hour(fields);
  settings.stand_in = fields.optional_text("stand_in", {0, 40});
  settings.mute = fields.optional_flag("mute");
  if (const auto volume = fields.optional_integer("volume", 0, 100)) settings.volume = static_cast<int>(*volume);
  if (const auto volume = fields.optional_integer("alert_volume", 0, 100))
    settings.alert_volume = static_cast<int>(*volume);
  return settings;
}

std::optional<http::Problem> check_settings(const StoreCall& call, const store::OwnSettings& settings, const store::OwnSettings& held,
                                            const std::string& area) {
  if (!settings.stand_in || settings.stand_in->empty() || settings.stand_in == held.stand_in) return {};
  const auto stock = store::stock_clips_under(call.db, store::chain(call.db, area));
  if (scheduler::stock_item(*settings.stand_in, stock, {})) return {};
  return refused("unknown_stock_clip", "There is no stock clip \"" + *settings.stand_in + "\" here.", "/stand_in");
}

http::Result<std::vector<std::string>> list_roots(const StoreCall& call, const std::optional<std::string>& area) {
  const auto roots = call.call.roots();
  if (!area) return roots;
  if (!store::is_within(call.db, *area, roots)) return not_found("area \"" + *area + "\"");
  return std::vector<std::string>{*area};
}

}  // namespace loa::api
