#include <algorithm>

#include "controller/api/area_answers.hpp"
#include "controller/api/coming.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/store/uses.hpp"
#include "protocol/random_id.hpp"

namespace loa::api {
namespace {

using store::Programme;
using store::ProgrammeState;

constexpr TextRule kTitle{1, 200};
constexpr TextRule kText{0, 50'000, true};

// The programme of the path, where the caller has the route's right on its area.
http::Result<Programme> find(const StoreCall& call) {
  auto programme = store::find_programme(call.db, call.call.parameter("id"));
  if (!programme) return not_found("such programme");
  if (auto problem = guard(call, programme->area)) {
    if (problem->status == 404) return not_found("such programme");
    return *problem;
  }
  return std::move(*programme);
}

http::Response respond(StoreCall& call, const std::string& id, unsigned status = 200) {
  const auto programme = store::find_programme(call.db, id).value();
  call.effects.events.push_back({"programme", id, programme.area, "", name_of(programme.state), {}});
  return json_response(api::programme(call.db, programme), status);
}

// What both a new and a changed programme take; what is left out stays.
void read_texts(Fields& fields, Programme& programme) {
  if (auto field = fields.optional_text("legal_field", {0, 100})) programme.legal_field = *field;
  if (auto references = fields.optional_texts("legal_references", 20, {1, 200})) programme.legal_references = *references;
  if (auto body = fields.optional_text("issuing_body", {0, 200})) programme.issuing_body = *body;
  if (auto language = fields.optional_language("language")) programme.language = *language;
  if (auto text = fields.optional_text("text", kText)) programme.script = *text;
}

// A clip spoken from another text would say what nobody reads on the page.
void drop_stale_speech(store::Session& db, Programme& programme, const std::string& old_script) {
  if (programme.script == old_script || programme.clip_sha256.empty()) return;
  const auto clip = store::find_clip(db, programme.clip_sha256);
  if (!clip || clip->made_from != "speech") return;
  programme.clip_sha256.clear();
  programme.duration = store::Millis{0};
}

bool has_job(store::Session& db, const Programme& programme) {
  const auto jobs = store::list_unfinished_jobs(db);
  return std::any_of(jobs.begin(), jobs.end(), [&](const auto& job) { return job.programme == programme.id; });
}

http::Problem wrong_state(const Programme& programme) {
  return conflict("wrong_state", std::string("The programme is ") + name_of(programme.state) + ".");
}

// Every plan that holds it, in whatever area: plans hold only approved content.
void replan(StoreCall& call, const std::string& id) {
  auto uses = store::uses_of_programme(call.db, id);
  call.effects.areas = std::move(uses.areas);
  call.effects.nodes = std::move(uses.nodes);
}

// A broadcast of another branch is not named: the caller may not see it, and learns only that somebody counts on the programme.
std::optional<http::Problem> refuse_in_use(const StoreCall& call, const std::string& id) {
  for (const auto& use : store::uses_of_programme(call.db, id).by) {
    const auto broadcast = store::find_broadcast(call.db, use.id).value();
    const auto own = store::find_programme(call.db, broadcast.programme);
    if (!next_start(broadcast, own ? own->duration : broadcast.duration, call.call.now)) continue;
    if (use.as == store::UsedAs::item) return conflict("scheduled", "Broadcast " + use.id + " of it is still to come; cancel that first.");
    if (!store::is_within(call.db, use.area, call.call.visible()))
      return conflict("scheduled", "A broadcast of another area, still to come, names it as a substitute.");
    return conflict("scheduled", "Broadcast " + use.id + ", still to come, names it as a substitute; cancel that first.");
  }
  return {};
}

}  // namespace

Reply list_programmes(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  store::ProgrammeFilter filter;
  filter.state = query.name<ProgrammeState>("state", store::parse_programme_state);
  const auto part = query.text("q", 200);
  const auto page = query.page<store::TimePoint, std::string>("programmes");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  const auto fetch = [&](const auto& after, int most) {
    filter.after = after;
    filter.limit = most;
    return store::list_programmes(call.db, filter);
  };
  const auto key = [](const auto& row) { return std::tuple(row.changed, row.id); };
  const auto write = [&](const auto& row) { return programme(call.db, row); };
  if (!part) return json_response(page_answer(fetch(page.after, page.fetch()), page, key, write));
  const auto named = [&](const auto& row) { return row.title.find(*part) != std::string::npos; };
  return json_response(scanned_answer(page, fetch, named, key, write));
}

Reply get_programme(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  return json_response(programme(call.db, *found));
}

Reply create_programme(StoreCall& call) {
  auto fields = Fields::parse(call.call.request.body);
  Programme programme;
  programme.id = protocol::random_id("p");
  programme.title = fields.text("title", kTitle);
  programme.area = fields.text("area", {1, 40});
  programme.author = call.call.caller.user.id;
  read_texts(fields, programme);
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = guard_field(call, programme.area, "/area")) return *problem;
  auto transaction = call.write();
  if (!store::add_programme(transaction, programme)) return refused("unknown_area", "There is no such area.", "/area");
  transaction.commit();
  return respond(call, programme.id, 201);
}

Reply change_programme(StoreCall& call) {
  auto found = find(call);
  if (found.has_error()) return found.error();
  auto& programme = *found;
  const auto old_script = programme.script;
  auto fields = Fields::parse(call.call.request.body);
  if (auto title = fields.optional_text("title", kTitle)) programme.title = *title;
  read_texts(fields, programme);
  if (auto problem = fields.finish()) return *problem;
  drop_stale_speech(call.db, programme, old_script);
  auto transaction = call.write();
  if (!store::update_programme(transaction, programme)) return wrong_state(programme);
  transaction.commit();
  replan(call, programme.id);
  return respond(call, programme.id);
}

Reply submit_programme(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  if (has_job(call.db, *found)) return conflict("job_running", "Its sound is still being made.");
  if (found->clip_sha256.empty()) return conflict("no_sound", "It has no sound yet: upload it or have its text spoken.");
  auto transaction = call.write();
  if (!store::submit_programme(transaction, found->id)) return wrong_state(*found);
  transaction.commit();
  return respond(call, found->id);
}

Reply approve_programme(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  auto fields = Fields::parse(call.call.request.body);
  const auto content_hash = fields.text("content_hash", {64, 64});
  if (auto problem = fields.finish()) return *problem;
  if (store::has_written(call.db, found->id, call.call.caller.user.id) && !store::inherited(call.db, found->area).self_approval)
    return http::Problem{403, "own_programme", "You wrote in this programme, and the area's policy wants a second person to approve it.", {}};
  if (found->state != ProgrammeState::waiting) return wrong_state(*found);
  if (found->content_hash != content_hash) return content_changed();
  auto transaction = call.write();
  if (!store::approve_programme(transaction, found->id, content_hash)) return wrong_state(*found);
  transaction.commit();
  replan(call, found->id);
  return respond(call, found->id);
}

Reply return_programme(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  auto fields = Fields::parse(call.call.request.body);
  const auto reason = fields.text("reason", {1, 1000, true});
  if (auto problem = fields.finish()) return *problem;
  auto transaction = call.write();
  if (!store::return_programme(transaction, found->id, reason)) return wrong_state(*found);
  transaction.commit();
  return respond(call, found->id);
}

Reply archive_programme(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  if (auto problem = refuse_in_use(call, found->id)) return *problem;
  auto transaction = call.write();
  if (!store::archive_programme(transaction, found->id)) return wrong_state(*found);
  transaction.commit();
  replan(call, found->id);
  return respond(call, found->id);
}

}  // namespace loa::api
