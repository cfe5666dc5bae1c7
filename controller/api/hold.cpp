#include <algorithm>

#include "controller/api/answers.hpp"
#include "controller/api/api.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/query.hpp"
#include "controller/store/broadcasts.hpp"
#include "controller/store/recovery_hold.hpp"

namespace loa::api {
namespace {

constexpr std::size_t kMostShown = 1000;

const scheduler::Alert* on_broker(const Found& found, const std::string& id) {
  const auto one = std::find_if(found.alerts.begin(), found.alerts.end(), [&](const auto& alert) { return alert.id == id; });
  return one == found.alerts.end() ? nullptr : &*one;
}

// What the broker's newest signed snapshots say of it.
const char* word_of(const scheduler::Alert* seen) {
  if (!seen) return "absent";
  return seen->message == scheduler::AlertMessage::cancel ? "cancelled" : "in_force";
}

json::object alert_answer(const scheduler::Alert& alert, bool known, bool kept, const char* broker) {
  return {{"id", alert.id},         {"area", alert.area},   {"event", alert.event},
          {"title", alert.title},   {"known", known},       {"kept", kept},
          {"broker", broker},       {"sent_at", time_text(alert.sent)}, {"expires_at", time_text(alert.expires)}};
}

json::array alerts_of(const StoreCall& call, const Found& found, const std::vector<std::string>& roots) {
  json::array alerts;
  const auto kept = store::list_kept_alerts(call.db);
  store::AlertFilter filter;
  filter.roots = roots;
  filter.state = store::AlertState::active;
  filter.limit = static_cast<int>(kMostShown);
  for (const auto& row : store::list_alerts(call.db, filter, call.call.now)) {
    const bool stays = std::find(kept.begin(), kept.end(), row.alert.id) != kept.end();
    alerts.push_back(alert_answer(row.alert, true, stays, word_of(on_broker(found, row.alert.id))));
  }
  for (const auto& seen : found.alerts) {
    const bool over = seen.message == scheduler::AlertMessage::cancel || seen.expires <= call.call.now;
    if (over || alerts.size() >= kMostShown || store::find_alert(call.db, seen.id) || !store::is_within(call.db, seen.area, roots)) continue;
    alerts.push_back(alert_answer(seen, false, false, "in_force"));
  }
  return alerts;
}

json::array occurrences_of(const StoreCall& call, const Found& found, const std::vector<std::string>& roots) {
  json::array occurrences;
  for (const auto& one : found.occurrences) {
    if (occurrences.size() >= kMostShown) break;
    if (one.due <= call.call.now || store::find_broadcast(call.db, one.broadcast) || !store::is_within(call.db, one.area, roots)) continue;
    occurrences.push_back(json::object{{"id", one.id}, {"broadcast", one.broadcast}, {"programme", one.programme}, {"title", one.title},
                                       {"class", name_of(one.cls)}, {"due_at", time_text(one.due)}, {"area", one.area}, {"nodes", one.nodes}});
  }
  return occurrences;
}

json::object hold_answer(const StoreCall& call, const Found& found) {
  const auto hold = store::find_recovery_hold(call.db);
  json::object answer{{"on_hold", hold.has_value()}};
  if (!hold) return answer;
  const auto roots = call.call.visible();
  answer["since"] = time_text(hold->begun);
  answer["reason"] = hold->reason;
  if (hold->backup_made) answer["backup_made_at"] = time_text(*hold->backup_made);
  answer["key_set"] = json::object{{"number", found.key_set}, {"seen", found.key_set_seen}};
  answer["whole"] = found.whole;
  answer["alerts"] = alerts_of(call, found, roots);
  answer["occurrences"] = occurrences_of(call, found, roots);
  json::array notes;
  if (holds_a_root(call))
    for (const auto& note : store::list_hold_notes(call.db)) notes.push_back(json::object{{"kind", note.kind}, {"id", note.id}, {"detail", note.detail}});
  answer["notes"] = std::move(notes);
  return answer;
}

}  // namespace

awaitable<Reply> get_hold(Api& api, Call call) {
  Query query(call.request);
  if (auto problem = query.finish()) co_return std::move(*problem);
  auto shared = std::make_shared<Call>(std::move(call));
  StoreWork work = [found = api.hooks().found()](StoreCall& store_call) -> Reply { return json_response(hold_answer(store_call, found)); };
  co_return co_await in_store(api, std::move(shared), std::move(work));
}

awaitable<Reply> keep_alert(Api& api, Call call) {
  auto shared = std::make_shared<Call>(std::move(call));
  StoreWork work = [found = api.hooks().found()](StoreCall& store_call) -> Reply {
    const auto& id = store_call.call.parameter("id");
    const auto row = store::find_alert(store_call.db, id);
    const auto* seen = on_broker(found, id);
    if (!row && !seen) return not_found("such alert");
    if (auto problem = guard(store_call, row ? row->alert.area : seen->area)) return problem->status == 404 ? not_found("such alert") : std::move(*problem);
    if (!store::find_recovery_hold(store_call.db)) return conflict("not_on_hold", "The controller is not on hold.");
    auto transaction = store_call.write();
    if (!row && !store::adopt_alert(transaction, *seen)) return conflict("unknown_clip", "Its sound is not among the clips of this controller.");
    // Above what nodes hold where they were told of its end: the same revision would sound no more.
    const bool ended_there = row && seen && (seen->message == scheduler::AlertMessage::cancel || seen->revision > row->alert.revision);
    if (!store::keep_alert(transaction, id, ended_there ? seen->revision : 0)) return conflict("wrong_state", "It is not in force.");
    transaction.commit();
    store_call.effects.events.push_back({"alert", id, row ? row->alert.area : seen->area, "", "active", {}});
    return json_response(hold_answer(store_call, found));
  };
  co_return co_await in_store(api, std::move(shared), std::move(work));
}

Reply end_hold(StoreCall& call) {
  if (!holds_a_root(call)) return http::Problem{403, "forbidden", "A hold is ended by an administrator of the whole tree.", {}};
  auto transaction = call.write();
  if (!store::end_recovery_hold(transaction)) return conflict("not_on_hold", "The controller is not on hold.");
  transaction.commit();
  call.effects.hold_ended = true;
  return json_response({{"on_hold", false}});
}

}  // namespace loa::api
