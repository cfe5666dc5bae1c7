#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "controller/api/alert_speech.hpp"
#include "controller/api/api.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/passwords.hpp"
#include "controller/api/word.hpp"
#include "protocol/hash.hpp"
#include "protocol/limits.hpp"
#include "protocol/random_id.hpp"
#include "scheduler/playhead.hpp"

namespace loa::api {
namespace {

using scheduler::AlertStatus;
using store::AlertState;

constexpr auto kConfirmTime = std::chrono::minutes(5);
constexpr std::int64_t kMostRepeats = 100;  // what the wire takes; more is 0, until it expires
constexpr const char* kGeneral = "general";

http::Result<store::AlertRow> find(const StoreCall& call) {
  auto row = store::find_alert(call.db, call.call.parameter("id"));
  if (!row) return not_found("such alert");
  if (auto problem = guard(call, row->alert.area)) {
    if (problem->status == 404) return not_found("such alert");
    return *problem;
  }
  return std::move(*row);
}

Event changed(const store::AlertRow& row, const char* state) { return {"alert", row.alert.id, row.alert.area, "", state, {}}; }

struct Wanted {
  store::AlertRow row;
  std::string programme;
  std::optional<std::int64_t> repeat_every_s;
};

Wanted read(Fields& fields) {
  Wanted wanted;
  auto& alert = wanted.row.alert;
  alert.id = protocol::random_id("l");
  alert.area = fields.text("area", {1, 40});
  alert.status = fields.name<AlertStatus>("status", parse_word<AlertStatus, AlertStatus::test>);
  alert.event = fields.text("event", {1, 40});
  alert.title = fields.text("title", {1, 200});
  alert.language = fields.optional_language("language").value_or("vi");
  alert.stock_clip = fields.optional_text("stock_clip", {0, 40}).value_or("");
  wanted.programme = fields.optional_text("programme", {1, 40}).value_or("");
  wanted.row.lasts = std::chrono::minutes(fields.integer("minutes", 1, 10'080));
  wanted.row.script = fields.optional_text("text", {1, 4000, true}).value_or("");
  alert.repeats = static_cast<int>(fields.optional_integer("repeats", 0, kMostRepeats).value_or(1));
  wanted.repeat_every_s = fields.optional_integer("repeat_every_s", 0, 86'400);
  alert.references = fields.optional_texts("updates", 20, {1, 40}).value_or(std::vector<std::string>{});
  if (!alert.references.empty()) alert.message = scheduler::AlertMessage::update;
  const bool plain = std::all_of(alert.event.begin(), alert.event.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!plain) fields.fault("event", "bad_event", "a to z, 0 to 9 and underscore are taken");
  if (!wanted.row.script.empty() && !wanted.programme.empty())
    fields.fault("text", "two_sounds", "it speaks a text or a programme, not both");
  return wanted;
}

// The alert's own words, of an approved programme.
std::optional<http::Problem> take_clip(StoreCall& call, Wanted& wanted) {
  if (wanted.programme.empty()) return {};
  const auto programme = store::find_programme(call.db, wanted.programme);
  if (!programme || !store::is_within(call.db, programme->area, call.call.visible()))
    return refused("unknown_programme", "There is no programme \"" + wanted.programme + "\" for you to use.", "/programme");
  if (programme->state != store::ProgrammeState::approved || programme->approved_hash != programme->content_hash)
    return refused("not_approved", "The programme is not approved as it is now.", "/programme");
  const auto clip = store::find_clip(call.db, programme->clip_sha256);
  if (!clip) return refused("no_sound", "The programme has no sound.", "/programme");
  scheduler::Item item;
  item.duration = clip->duration;
  item.sha256 = clip->sha256;
  item.bytes = clip->bytes;
  wanted.row.alert.clip = item;
  return {};
}

// Every alert names a stock clip that its nodes have: what it says in general words while, or where, its own are not there.
std::optional<http::Problem> take_stock(const scheduler::Alert& asked, const std::vector<scheduler::StockClip>& stock, std::string& name) {
  const auto known = [&](const std::string& one) { return scheduler::stock_item(one, stock, {}).has_value(); };
  if (!asked.stock_clip.empty()) {
    if (!known(asked.stock_clip))
      return refused("unknown_stock_clip", "There is no stock clip \"" + asked.stock_clip + "\".", "/stock_clip");
    name = asked.stock_clip;
  } else {
    name = known(asked.event) ? asked.event : kGeneral;
    if (!known(name)) return refused("no_sound", "There is no stock clip for this event, and none for any.", "/stock_clip");
  }
  return {};
}

// Repeats never overlap: one sounding is at most tone, status, stock clip and then its own. The clip of a text is not known yet: it sets them apart.
std::optional<http::Problem> take_repeats(StoreCall& call, Wanted& wanted) {
  auto& alert = wanted.row.alert;
  const auto sounding = store::longest_sounding(call.db, alert);
  alert.repeat_every = wanted.repeat_every_s ? store::Millis(std::chrono::seconds(*wanted.repeat_every_s)) : sounding + store::kAlertPause;
  if (alert.repeats == 1) {
    alert.repeat_every = std::max(alert.repeat_every, sounding);
  } else if (alert.repeat_every < sounding) {
    return refused("repeats_overlap", "One sounding lasts " + std::to_string(sounding.count() / 1000 + 1) + " seconds.",
                   "/repeat_every_s");
  }
  return {};
}

std::optional<http::Problem> check_updates(const StoreCall& call, const store::AlertRow& row) {
  for (std::size_t i = 0; i < row.alert.references.size(); ++i) {
    const auto pointer = "/updates/" + std::to_string(i);
    const auto old = store::find_alert(call.db, row.alert.references[i]);
    if (!old || guard(call, old->alert.area)) return refused("unknown_alert", "There is no such alert for you to update.", pointer);
    if (store::state_of(*old, call.call.now) != AlertState::active)
      return refused("wrong_state", "The alert to update is not active.", pointer);
  }
  return {};
}

// A snapshot carries so many; one more in force would silence the oldest. Those that it takes the place of make room.
std::optional<http::Problem> check_room(const StoreCall& call, const store::AlertRow& row) {
  const auto& replaced = row.alert.references;
  const auto in_force = store::alerts_of_area(call.db, row.alert.area, call.call.now);
  const auto held = std::count_if(in_force.begin(), in_force.end(), [&](const auto& one) {
    return one.message != scheduler::AlertMessage::cancel && std::find(replaced.begin(), replaced.end(), one.id) == replaced.end();
  });
  if (held < static_cast<std::ptrdiff_t>(protocol::kMaxAlerts)) return {};
  return conflict("too_many_alerts", "An area has at most " + std::to_string(protocol::kMaxAlerts) + " active alerts; cancel one that is over.");
}

http::Response answer_of(const StoreCall& call, const store::AlertRow& row) {
  const auto reaches = reach_of_alerts(call.db, {row}, call.call.now);
  return json_response(alert(call.db, row, reaches.at(row.alert.area), call.call.now));
}

http::Response answer_of(const StoreCall& call, const std::string& id) { return answer_of(call, store::find_alert(call.db, id).value()); }

}  // namespace

Reply list_alerts(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  store::AlertFilter filter;
  filter.state = query.name<AlertState>("state", parse_word<AlertState, AlertState::ended>);
  const auto page = query.page<store::TimePoint, std::string>("alerts");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  filter.limit = page.fetch();
  filter.after = page.after;
  const auto now = call.call.now;
  auto rows = store::list_alerts(call.db, filter, now);
  const auto reaches = reach_of_alerts(call.db, rows, now);
  return json_response(page_answer(std::move(rows), page, [](const auto& row) { return std::tuple(row.created, row.alert.id); },
                                   [&](const auto& row) { return alert(call.db, row, reaches.at(row.alert.area), now); }));
}

Reply get_alert(StoreCall& call) {
  const auto row = find(call);
  if (row.has_error()) return row.error();
  return answer_of(call, *row);
}

namespace {

/// What a handler in the store leaves for the loop.
struct Done {
  Reply reply = http::Problem{};
  Effects effects;
  std::optional<store::AlertRow> to_speak;
};

Reply prepare(StoreCall& call, std::optional<store::AlertRow>& to_speak) {
  auto fields = Fields::parse(call.call.request.body);
  auto wanted = read(fields);
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = refuse_on_hold(call)) return *problem;
  auto& row = wanted.row;
  if (auto problem = guard_field(call, row.alert.area, "/area")) return *problem;
  if (auto problem = take_clip(call, wanted)) return *problem;
  const auto stock = store::stock_clips_under(call.db, store::chain(call.db, row.alert.area));
  if (auto problem = take_stock(row.alert, stock, row.alert.stock_clip)) return *problem;
  if (auto problem = take_repeats(call, wanted)) return *problem;
  if (auto problem = check_updates(call, row)) return *problem;
  if (auto problem = check_room(call, row)) return *problem;
  const auto nodes = reach_of(store::list_node_rows(call.db, {row.alert.area}), call.call.now);
  if (nodes.total == 0) return refused("no_nodes", "There is no node in this area.", "/area");
  const auto token = random_token();
  row.token_hash = protocol::sha256_hex(token);
  row.confirm_before = call.call.now + kConfirmTime;
  auto transaction = call.write();
  if (!store::prepare_alert(transaction, row)) return conflict("changed_meanwhile", "The area or the clip is gone by now.");
  transaction.commit();
  const auto made = store::find_alert(call.db, row.alert.id).value();
  if (made.speech == store::Speech::making) to_speak = made;
  json::object answer;
  answer["id"] = row.alert.id;
  answer["confirmation_token"] = token;
  answer["confirm_before"] = time_text(row.confirm_before);
  answer["nodes"] = nodes.total;
  answer["muted_nodes"] = nodes.muted;
  answer["offline_nodes"] = nodes.offline;
  answer["alert"] = alert(call.db, made, nodes, call.call.now);
  call.effects.events.push_back(changed(row, "pending"));
  return json_response(answer, 201);
}

// The answer's body is made by a call of its own, after the alert is on its way. A repeated confirmation with the right token finds it done.
Reply confirm(StoreCall& call, store::TimePoint asked) {
  const auto row = find(call);
  if (row.has_error()) return row.error();
  auto fields = Fields::parse(call.call.request.body);
  const auto token = fields.text("confirmation_token", {1, 100});
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = refuse_on_hold(call)) return *problem;
  if (row->token_hash != protocol::sha256_hex(token)) return http::Problem{403, "wrong_token", "This is not the confirmation token of this alert.", {}};
  if (row->confirmed && !row->cancelled) return http::Response{};
  if (row->cancelled) return conflict("wrong_state", "It is not waiting for a confirmation.");
  if (asked >= row->confirm_before)
    return conflict("confirmation_expired", "It waited too long for its confirmation; prepare it again.");
  if (auto problem = check_room(call, *row)) return *problem;
  auto transaction = call.write();
  const auto alert = store::confirm_alert(transaction, row->alert.id, row->token_hash, asked);
  if (!alert) return conflict("wrong_state", "It is not waiting for a confirmation.");
  transaction.commit();
  call.effects.alerts.push_back(alert->area);
  for (const auto& reference : alert->references)
    if (const auto old = store::find_alert(call.db, reference); old && old->alert.area != alert->area)
      call.effects.alerts.push_back(old->alert.area);
  call.effects.events.push_back(changed(*row, "active"));
  return http::Response{};
}

}  // namespace

awaitable<Reply> prepare_alert(Api& api, Call call) {
  auto shared = std::make_shared<Call>(std::move(call));
  auto work = [shared](store::Session& db) {
    Done done;
    StoreCall store_call{*shared, db, done.effects};
    done.reply = prepare(store_call, done.to_speak);
    return done;
  };
  auto done = co_await api.store().run(std::move(work), shared->lane);
  api.apply(std::move(done.effects));
  if (done.to_speak) {
    auto spoken = api.speeches().begin(done.to_speak->alert.id);
    auto speech = speak_alert(api, std::move(*done.to_speak), std::move(spoken));
    boost::asio::co_spawn(api.store().loop(), std::move(speech), boost::asio::detached);
  }
  co_return std::move(done.reply);
}

awaitable<Reply> confirm_alert(Api& api, Call call) {
  auto shared = std::make_shared<Call>(std::move(call));
  auto may = [shared](store::Session& db) -> Reply {
    Effects none;
    const auto row = find(StoreCall{*shared, db, none});
    if (row.has_error()) return row.error();
    return http::Response{};
  };
  auto allowed = co_await api.store().run(std::move(may), shared->lane);
  if (allowed.has_error()) co_return std::move(allowed);
  std::string id = shared->parameter("id");
  const bool goes_on = co_await api.speeches().wait(std::move(id), api.settings().speech_patience);
  if (!goes_on) {
    http::Problem stopping{503, "stopping", "The controller is being stopped.", {}};
    co_return stopping;
  }
  const auto asked = std::exchange(shared->now, api.store().clock().now());
  auto work = [shared, asked](store::Session& db) {
    Done done;
    StoreCall store_call{*shared, db, done.effects};
    done.reply = confirm(store_call, asked);
    return done;
  };
  auto done = co_await api.store().run(std::move(work), shared->lane);
  api.apply(std::move(done.effects));
  if (done.reply.has_error()) co_return std::move(done.reply);
  co_await boost::asio::post(api.store().loop(), boost::asio::use_awaitable);  // so that the signing is asked for before the answer is made
  auto answer = [shared](store::Session& db) -> Reply {
    Effects none;
    return answer_of(StoreCall{*shared, db, none}, shared->parameter("id"));
  };
  co_return co_await api.store().run(std::move(answer), shared->lane);
}

namespace {

/// What alone a cancel is meant for.
enum class Only { pending };
const char* name_of(Only /*only*/) { return "pending"; }

}  // namespace

Reply cancel_alert(StoreCall& call) {
  const auto row = find(call);
  if (row.has_error()) return row.error();
  bool only_pending = false;
  if (!call.call.request.body.empty()) {
    auto fields = Fields::parse(call.call.request.body);
    only_pending = fields.optional_name<Only>("only", parse_word<Only, Only::pending>).has_value();
    if (auto problem = fields.finish()) return *problem;
  }
  auto transaction = call.write();
  if (only_pending ? !store::drop_alert(transaction, row->alert.id) : !store::cancel_alert(transaction, row->alert.id))
    return conflict("wrong_state", only_pending ? "It is not waiting for a confirmation." : "It has ended or is cancelled already.");
  transaction.commit();
  if (row->confirmed) call.effects.alerts.push_back(row->alert.area);
  call.effects.events.push_back(changed(*row, "cancelled"));
  return answer_of(call, row->alert.id);
}

}  // namespace loa::api
