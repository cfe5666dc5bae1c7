#include <algorithm>

#include "controller/api/area_answers.hpp"
#include "controller/api/broadcast_request.hpp"
#include "controller/api/coming.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/preview_answers.hpp"
#include "controller/api/word.hpp"
#include "scheduler/recurrence.hpp"

namespace loa::api {

std::optional<store::TimePoint> next_start(const store::Broadcast& broadcast, store::Millis duration, store::TimePoint now) {
  if (broadcast.cancelled) return {};
  constexpr auto horizon = std::chrono::hours(24 * 731);
  const auto& gone = broadcast.cancelled_occurrences;
  const auto times = scheduler::expand(broadcast.when, now - duration, now + horizon, gone.size() + 1).times;
  for (const auto& time : times) {
    const auto id = scheduler::occurrence_id(broadcast.id, time.before);
    if (std::find(gone.begin(), gone.end(), id) == gone.end()) return time.before;
  }
  return {};
}

namespace {

enum class BroadcastState { active, cancelled, ended };

const char* name_of(BroadcastState state) {
  switch (state) {
    case BroadcastState::active: return "active";
    case BroadcastState::cancelled: return "cancelled";
    case BroadcastState::ended: return "ended";
  }
  return "";
}

BroadcastState state_of(const store::Broadcast& broadcast, store::Millis duration, store::TimePoint now) {
  if (broadcast.cancelled) return BroadcastState::cancelled;
  return next_start(broadcast, duration, now) ? BroadcastState::active : BroadcastState::ended;
}

json::array dates(const std::vector<scheduler::LocalTime>& times, const std::string& zone) {
  json::array answer;
  for (const auto time : times) answer.push_back(time_text(scheduler::resolve(time, zone).before));
  return answer;
}

json::object broadcast_answer(const StoreCall& call, const store::Broadcast& broadcast) {
  const auto [title, duration, plain_http] = subject_of(call.db, broadcast);
  const auto now = call.call.now;
  json::object answer;
  answer["id"] = broadcast.id;
  if (broadcast.stream.empty()) {
    answer["programme"] = broadcast.programme;
  } else {
    answer["stream"] = broadcast.stream;
    answer["plain_http"] = plain_http;
  }
  answer["title"] = title;
  answer["class"] = scheduler::name_of(broadcast.cls);
  answer["areas"] = texts(broadcast.areas);
  answer["nodes"] = texts(broadcast.nodes);
  answer["substitutes"] = texts(broadcast.substitutes);
  answer["start"] = time_text(scheduler::resolve(broadcast.when.start, broadcast.when.zone).before);
  answer["time_zone"] = broadcast.when.zone;
  if (!broadcast.when.rrule.empty()) answer["rrule"] = broadcast.when.rrule;
  answer["exdates"] = dates(broadcast.when.exdate, broadcast.when.zone);
  answer["rdates"] = dates(broadcast.when.rdate, broadcast.when.zone);
  answer["volume"] = broadcast.volume;
  answer["after_interrupt"] = scheduler::name_of(broadcast.after_interrupt);
  answer["late"] = scheduler::name_of(broadcast.late);
  answer["late_limit_s"] = broadcast.late_limit.count() / 1000;
  answer["duration_ms"] = duration.count();
  answer["state"] = name_of(state_of(broadcast, duration, now));
  if (!broadcast.cancelled)
    if (const auto why = store::held_back_by(call.db, broadcast); !why.empty()) answer["held_back"] = why;
  answer["reach"] = reach(reach_of(nodes_of(call.db, broadcast), now));
  if (const auto next = next_start(broadcast, duration, now)) answer["next_start"] = time_text(*next);
  answer["created_by"] = user_name(call.db, broadcast.creator);
  answer["created_at"] = time_text(broadcast.created);
  if (broadcast.cancelled) answer["cancelled_at"] = time_text(*broadcast.cancelled);
  return answer;
}

http::Result<store::Broadcast> find(const StoreCall& call) {
  auto broadcast = store::find_broadcast(call.db, call.call.parameter("id"));
  if (!broadcast) return not_found("such broadcast");
  if (auto problem = guard(call, broadcast->area)) {
    if (problem->status == 404) return not_found("such broadcast");
    return *problem;
  }
  return std::move(*broadcast);
}

http::Problem refusal_of(const Preview& preview) {
  const auto& first = *preview.refusal();
  http::Problem problem{422, first.code, first.message, {}};
  for (const auto& one : preview.problems)
    if (one.refuses) problem.errors.push_back({one.where, one.message, one.code});
  return problem;
}

}  // namespace

Reply list_broadcasts(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  const auto state = query.name<BroadcastState>("state", parse_word<BroadcastState, BroadcastState::ended>);
  store::BroadcastFilter filter;
  filter.programme = query.text("programme").value_or("");
  filter.stream = query.text("stream").value_or("");
  const auto page = query.page<store::TimePoint, std::string>("broadcasts");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  const auto fetch = [&](const auto& after, int most) {
    filter.after = after;
    filter.limit = most;
    return store::list_broadcasts(call.db, filter);
  };
  const auto key = [](const auto& row) { return std::tuple(row.created, row.id); };
  const auto write = [&](const auto& row) { return broadcast_answer(call, row); };
  if (!state) return json_response(page_answer(fetch(page.after, page.fetch()), page, key, write));
  const auto in_state = [&](const auto& row) {
    return state_of(row, subject_of(call.db, row).duration, call.call.now) == *state;
  };
  return json_response(scanned_answer(page, fetch, in_state, key, write));
}

Reply get_broadcast(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  return json_response(broadcast_answer(call, *found));
}

Reply preview_broadcast(StoreCall& call) {
  const auto wanted = read_broadcast(call);
  if (wanted.has_error()) return wanted.error();
  const auto seen = preview(call, *wanted);
  json::object answer;
  answer["occurrences"] = list_answer(seen.coming, [](const auto& one) {
                            return json::object{{"start", time_text(one.due)},
                                                {"end", time_text(one.end)},
                                                {"local_start", scheduler::to_text(one.local)}};
                          })["items"];
  answer["more"] = seen.more;
  answer["problems"] = list_answer(seen.problems, [&](const auto& one) { return problem_answer(call, *wanted, one); })["items"];
  answer["reach"] = reach(seen.reach);
  answer["duration_ms"] = wanted->subject.duration.count();
  return json_response(answer);
}

Reply create_broadcast(StoreCall& call) {
  const auto wanted = read_broadcast(call);
  if (wanted.has_error()) return wanted.error();
  const auto seen = preview(call, *wanted);
  if (seen.refusal()) return refusal_of(seen);
  const auto& broadcast = wanted->broadcast;
  auto transaction = call.write();
  if (!store::add_broadcast(transaction, broadcast))
    return conflict("changed_meanwhile", "The programme or stream, an area or a node is gone by now.");
  transaction.commit();
  replan(call.effects, broadcast);
  call.effects.events.push_back({"broadcast", broadcast.id, broadcast.area, "", "active", {}});
  return json_response(broadcast_answer(call, store::find_broadcast(call.db, broadcast.id).value()), 201);
}

Reply cancel_broadcast(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  auto transaction = call.write();
  if (!store::cancel_broadcast(transaction, found->id, "")) return conflict("wrong_state", "It is cancelled already.");
  transaction.commit();
  replan(call.effects, *found);
  call.effects.events.push_back({"broadcast", found->id, found->area, "", "cancelled", {}});
  return json_response(broadcast_answer(call, store::find_broadcast(call.db, found->id).value()));
}

}  // namespace loa::api
