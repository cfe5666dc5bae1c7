#include <algorithm>

#include "controller/api/area_answers.hpp"
#include "controller/api/day_hours.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/stock_in_use.hpp"

namespace loa::api {
namespace {

constexpr TextRule kName{1, 100};
constexpr TextRule kCode{0, 20};

std::optional<std::string> parse_kind(std::string_view word) {
  for (const auto* kind : {"province", "ward", "commune", "zone"})
    if (word == kind) return std::string(word);
  return {};
}

bool is_area_id(const std::string& text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

scheduler::PolicyWindow read_window(Fields& fields) {
  static constexpr std::string_view names[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
  scheduler::PolicyWindow window;
  window.weekdays = 0;
  for (const auto& day : fields.optional_texts("days", 7, {2, 2}).value_or(std::vector<std::string>{})) {
    const auto* found = std::find(std::begin(names), std::end(names), day);
    if (found == std::end(names))
      fields.fault("days", "unknown_value", "there is no day \"" + day + "\"");
    else
      window.weekdays = static_cast<std::uint8_t>(window.weekdays | (1 << (found - std::begin(names))));
  }
  if (window.weekdays == 0) fields.fault("days", "missing_field", "at least one day is needed");
  window.from_minute = read_minutes(fields, "from");
  window.to_minute = read_minutes(fields, "to");
  if (window.from_minute >= window.to_minute) fields.fault("to", "out_of_range", "must be later than `from`");
  return window;
}

store::AreaPolicy read_policy(Fields& fields) {
  store::AreaPolicy policy;
  std::vector<scheduler::PolicyWindow> windows;
  fields.optional_objects("windows", 0, 50, [&](Fields& entry) { windows.push_back(read_window(entry)); });
  if (!windows.empty()) policy.limits.windows = std::move(windows);
  if (const auto most = fields.optional_integer("max_sessions_per_day", 1, 100))
    policy.limits.max_sessions_a_day = static_cast<int>(*most);
  if (const auto most = fields.optional_integer("max_session_minutes", 1, 1440))
    policy.limits.max_session_minutes = static_cast<int>(*most);
  policy.self_approval = fields.optional_flag("self_approval");
  return policy;
}

}  // namespace

Reply list_areas(StoreCall& call) {
  Query query(call.call.request);
  if (auto problem = query.finish()) return *problem;
  const auto roots = call.call.roots();
  const AreaView view(call.db, roots, call.call.now);
  return json_response(
      list_answer(store::subtree(call.db, roots), [&](const auto& area) { return view.answer(area); }));
}

Reply get_area(StoreCall& call) {
  const auto& id = call.call.parameter("id");
  if (auto problem = guard(call, id)) return *problem;
  return area_response(call.db, id, call.call.now);
}

Reply create_area(StoreCall& call) {
  auto fields = Fields::parse(call.call.request.body);
  store::Area area;
  area.id = fields.text("id", {1, 40});
  area.name = fields.text("name", kName);
  area.kind = fields.name<std::string>("kind", parse_kind);
  area.parent = fields.text("parent", {1, 40});
  area.code = fields.optional_text("code", kCode).value_or("");
  if (!area.id.empty() && !is_area_id(area.id)) fields.fault("id", "bad_id", "a to z, 0 to 9 and hyphen are taken");
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = guard_field(call, area.parent, "/parent")) return *problem;
  auto transaction = call.write();
  if (!store::add_area(transaction, area)) return conflict("id_taken", "There is or was an area of this id.");
  transaction.commit();
  call.effects.areas_changed = true;
  return area_response(call.db, area.id, call.call.now, 201);
}

Reply change_area(StoreCall& call) {
  const auto& id = call.call.parameter("id");
  if (auto problem = guard(call, id)) return *problem;
  auto area = store::find_area(call.db, id).value();
  auto fields = Fields::parse(call.call.request.body);
  if (auto name = fields.optional_text("name", kName)) area.name = *name;
  if (auto kind = fields.optional_name<std::string>("kind", parse_kind)) area.kind = *kind;
  const auto parent = fields.optional_text("parent", {1, 40});
  if (auto code = fields.optional_text("code", kCode); code && *code != area.code) {
    if (!area.code.empty()) area.old_codes.push_back(area.code);
    area.code = *code;
  }
  if (auto problem = fields.finish()) return *problem;
  const bool moves = parent && *parent != area.parent;
  if (moves) {
    if (auto problem = guard_field(call, *parent, "/parent")) return *problem;
    // Out of a place is a right on that place too: an admin of one commune cannot take it from its province.
    if (auto problem = area.parent.empty() ? std::nullopt : guard_field(call, area.parent, "/parent")) return *problem;
    area.parent = *parent;
  }
  const StockInUse stock(call, id);
  auto transaction = call.write();
  if (!store::update_area(transaction, area))
    return refused("bad_parent", "The parent does not exist, or lies below the area itself.", "/parent");
  if (auto problem = moves ? stock.refuse_loss(id) : std::nullopt) return *problem;
  transaction.commit();
  call.effects.areas_changed = true;
  if (moves) {
    call.effects.areas.push_back(id);
    for (const auto& node : store::list_nodes(call.db, {id})) call.effects.changed_nodes.push_back(node.id);
  }
  return area_response(call.db, id, call.call.now);
}

Reply set_area_policy(StoreCall& call) {
  const auto& id = call.call.parameter("id");
  if (auto problem = guard(call, id)) return *problem;
  auto fields = Fields::parse(call.call.request.body);
  const auto policy = read_policy(fields);
  if (auto problem = fields.finish()) return *problem;
  if (const auto wrong = scheduler::check_policy(policy.limits)) return refused(wrong->code, wrong->message, wrong->where);
  auto transaction = call.write();
  store::set_area_policy(transaction, id, policy);
  transaction.commit();
  call.effects.areas.push_back(id);
  return area_response(call.db, id, call.call.now);
}

Reply set_area_settings(StoreCall& call) {
  const auto& id = call.call.parameter("id");
  if (auto problem = guard(call, id)) return *problem;
  auto fields = Fields::parse(call.call.request.body);
  const auto settings = read_settings(fields);
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = check_settings(call, settings, store::find_area(call.db, id).value().settings, id)) return *problem;
  auto transaction = call.write();
  store::set_area_settings(transaction, id, settings);
  transaction.commit();
  call.effects.areas.push_back(id);
  for (const auto& node : store::list_nodes(call.db, {id}))
    call.effects.events.push_back({"node", node.id, node.area, node.id, "", {}});
  return area_response(call.db, id, call.call.now);
}

}  // namespace loa::api
