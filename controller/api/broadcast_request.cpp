#include "controller/api/broadcast_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/api/area_answers.hpp"
#include "controller/api/coming.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/relay_request.hpp"
#include "controller/api/word.hpp"
#include "controller/store/node_rows.hpp"
#include "controller/store/streams.hpp"
#include "protocol/random_id.hpp"
#include "scheduler/check_sounding.hpp"

namespace loa::api {
namespace {

using scheduler::AfterInterrupt;
using scheduler::Class;
using scheduler::LateRule;

constexpr std::size_t kMostListed = 50;
constexpr std::size_t kMostSubstitutes = 8;

std::optional<Class> parse_class(std::string_view word) { return parse_word<Class, Class::priority>(word); }

std::vector<scheduler::LocalTime> local_times(const std::vector<store::TimePoint>& times, const std::string& zone) {
  std::vector<scheduler::LocalTime> local;
  for (const auto time : times) local.push_back(scheduler::to_local(time, zone));
  return local;
}

std::optional<http::Problem> check_targets(const StoreCall& call, const store::Broadcast& broadcast) {
  for (std::size_t i = 0; i < broadcast.areas.size(); ++i)
    if (auto problem = guard_field(call, broadcast.areas[i], fmt::format("/areas/{}", i))) return problem;
  for (std::size_t i = 0; i < broadcast.nodes.size(); ++i) {
    const auto node = store::find_node(call.db, broadcast.nodes[i]);
    const bool known = node && !node->retired;
    if (!known || guard(call, node->area))
      return refused("unknown_node", "There is no node \"" + broadcast.nodes[i] + "\" for you to use.",
                     fmt::format("/nodes/{}", i));
  }
  return {};
}

bool is_approved(const store::Programme& programme) {
  return programme.state == store::ProgrammeState::approved && programme.approved_hash == programme.content_hash;
}

std::optional<http::Problem> settle_programme(const StoreCall& call, store::Broadcast& broadcast) {
  const auto programme = store::find_programme(call.db, broadcast.programme);
  if (!programme || guard(call, programme->area))
    return refused("unknown_programme", "There is no programme \"" + broadcast.programme + "\" for you to use.", "/programme");
  broadcast.area = programme->area;
  return {};
}

std::optional<http::Problem> check_substitutes(const StoreCall& call, const store::Broadcast& broadcast) {
  for (std::size_t i = 0; i < broadcast.substitutes.size(); ++i) {
    const auto& id = broadcast.substitutes[i];
    const auto pointer = fmt::format("/substitutes/{}", i);
    const auto programme = store::find_programme(call.db, id);
    if (!programme || guard(call, programme->area))
      return refused("unknown_programme", "There is no programme \"" + id + "\" for you to use.", pointer);
    if (!is_approved(*programme)) return refused("not_approved", "A substitute is not approved as it is now.", pointer);
    if (id == broadcast.programme) return refused("same_programme", "A programme cannot stand in for itself.", pointer);
  }
  return {};
}

std::string default_zone(const StoreCall& call, const store::Broadcast& broadcast) {
  if (!broadcast.areas.empty()) return store::inherited(call.db, broadcast.areas.front()).time_zone;
  const auto node = store::find_node(call.db, broadcast.nodes.front());
  return store::inherited(call.db, node->area).time_zone;
}

// A rule without an end would be a promise for ever that nobody looks at again.
bool ends(const std::string& rrule) {
  std::string upper(rrule);
  for (auto& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return upper.empty() || upper.find("COUNT=") != std::string::npos || upper.find("UNTIL=") != std::string::npos;
}

scheduler::Problem problem(std::string code, std::string where, std::string message, bool refuses, int count = 1) {
  scheduler::Problem made;
  made.code = std::move(code);
  made.where = std::move(where);
  made.message = std::move(message);
  made.refuses = refuses;
  made.count = count;
  return made;
}

// The scheduler points into its own shape of a broadcast; the request has these at its top.
std::string request_pointer(const std::string& where) {
  constexpr std::string_view when = "/when";
  if (where.starts_with("/when/zone")) return "/time_zone";
  if (where.starts_with("/when/exdate")) return "/exdates";
  if (where.starts_with("/when/rdate")) return "/rdates";
  return where.starts_with(when) ? where.substr(when.size()) : where;
}

std::vector<scheduler::Place> places_of(const std::vector<store::NodeRow>& nodes) {
  std::vector<scheduler::Place> places;
  for (const auto& row : nodes) places.push_back({store::plan_node_of(row), row.wanted.policy});
  return places;
}

void add_own_problems(store::Session& db, Preview& preview, const WantedBroadcast& wanted) {
  auto& problems = preview.problems;
  const bool programme = wanted.broadcast.stream.empty();
  if (programme && !store::held_back_by(db, wanted.broadcast).empty())
    problems.insert(problems.begin(),
                    problem("not_approved", "/programme", "The programme is not approved as it is now.", true));
  if (!programme)
    for (auto& one : relay_problems(db, wanted.broadcast)) problems.insert(one.refuses ? problems.begin() : problems.end(), std::move(one));
  if (!ends(wanted.broadcast.when.rrule))
    problems.insert(problems.begin(), problem("never_ends", "/rrule", "The rule has neither COUNT nor UNTIL.", true));
  if (preview.reach.muted > 0)
    problems.push_back(problem("muted_nodes", "/areas", fmt::format("{} of {} nodes are muted and will be silent.", preview.reach.muted,
                                                                    preview.reach.total), false, preview.reach.muted));
  if (preview.reach.offline > 0)
    problems.push_back(problem("offline_nodes", "/areas", fmt::format("{} of {} nodes cannot be reached now.", preview.reach.offline,
                                                                      preview.reach.total), false, preview.reach.offline));
}

}  // namespace

Subject subject_of(store::Session& db, const store::Broadcast& broadcast) {
  if (!broadcast.stream.empty()) {
    const auto stream = store::find_stream(db, broadcast.stream);
    return {stream ? stream->name : "", broadcast.duration, stream && is_plain_http(*stream)};
  }
  const auto programme = store::find_programme(db, broadcast.programme);
  if (!programme) return {};
  return {programme->title, programme->duration};
}

void replan(Effects& effects, const store::Broadcast& broadcast) {
  effects.areas.insert(effects.areas.end(), broadcast.areas.begin(), broadcast.areas.end());
  effects.nodes.insert(effects.nodes.end(), broadcast.nodes.begin(), broadcast.nodes.end());
}

http::Result<WantedBroadcast> read_broadcast(StoreCall& call) {
  auto fields = Fields::parse(call.call.request.body);
  WantedBroadcast wanted;
  auto& broadcast = wanted.broadcast;
  broadcast.id = protocol::random_id("b");
  broadcast.programme = fields.optional_text("programme", {1, 40}).value_or("");
  broadcast.cls = fields.name<Class>("class", parse_class);
  broadcast.areas = fields.optional_texts("areas", 200, {1, 40}).value_or(std::vector<std::string>{});
  broadcast.nodes = fields.optional_texts("nodes", 200, {1, 40}).value_or(std::vector<std::string>{});
  broadcast.substitutes = fields.optional_texts("substitutes", kMostSubstitutes, {1, 40}).value_or(std::vector<std::string>{});
  const auto start = fields.time("start");
  const auto zone = fields.optional_text("time_zone", {1, 64});
  broadcast.when.rrule = fields.optional_text("rrule", {0, 500}).value_or("");
  const auto exdates = fields.optional_times("exdates", 500).value_or(std::vector<store::TimePoint>{});
  const auto rdates = fields.optional_times("rdates", 500).value_or(std::vector<store::TimePoint>{});
  broadcast.volume = static_cast<int>(fields.optional_integer("volume", 0, 100).value_or(100));
  broadcast.after_interrupt = fields.optional_name<AfterInterrupt>("after_interrupt", parse_word<AfterInterrupt, AfterInterrupt::drop>)
                                  .value_or(AfterInterrupt::resume);
  broadcast.late = fields.optional_name<LateRule>("late", parse_word<LateRule, LateRule::skip>).value_or(LateRule::join);
  broadcast.late_limit = std::chrono::seconds(fields.optional_integer("late_limit_s", 0, 86'400).value_or(0));
  read_relay(fields, broadcast);
  if (zone && !scheduler::known_zone(*zone)) fields.fault("time_zone", "unknown_zone", "there is no zone \"" + *zone + "\"");
  if (broadcast.areas.empty() && broadcast.nodes.empty())
    fields.fault("areas", "no_nodes", "at least one area or node is needed");
  if (auto problem = fields.finish()) return *problem;

  if (auto problem = check_targets(call, broadcast)) return *problem;
  if (auto problem = broadcast.stream.empty() ? settle_programme(call, broadcast) : settle_relay(call, broadcast)) return *problem;
  if (auto problem = check_substitutes(call, broadcast)) return *problem;
  broadcast.creator = call.call.caller.user.id;
  broadcast.created = call.call.now;
  broadcast.when.zone = zone ? *zone : default_zone(call, broadcast);
  broadcast.when.start = scheduler::to_local(start, broadcast.when.zone);
  broadcast.when.exdate = local_times(exdates, broadcast.when.zone);
  broadcast.when.rdate = local_times(rdates, broadcast.when.zone);
  wanted.subject = subject_of(call.db, broadcast);
  return wanted;
}

const scheduler::Problem* Preview::refusal() const {
  const auto found = std::find_if(problems.begin(), problems.end(), [](const auto& one) { return one.refuses; });
  return found == problems.end() ? nullptr : &*found;
}

std::vector<store::NodeRow> nodes_of(store::Session& db, const store::Broadcast& broadcast) {
  auto rows = store::list_node_rows(db, broadcast.areas);
  for (const auto& id : broadcast.nodes) {
    const bool there = std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.node.id == id; });
    auto row = there ? std::nullopt : store::find_node_row(db, id);
    if (row && !row->node.retired) rows.push_back(std::move(*row));
  }
  return rows;
}

Preview preview(StoreCall& call, const WantedBroadcast& wanted) {
  Preview preview;
  const auto nodes = nodes_of(call.db, wanted.broadcast);
  preview.reach = reach_of(nodes, call.call.now);
  const auto broadcast = store::to_scheduler(call.db, wanted.broadcast).value();
  const auto others = store::list_broadcasts_to_plan(call.db);
  const auto places = places_of(nodes);
  auto checked = scheduler::check_schedule(broadcast, others, places, call.call.now);
  if (!checked.refused())
    scheduler::add_sounding(checked.problems, scheduler::check_sounding(broadcast, others, places, call.call.now));
  preview.problems = std::move(checked.problems);
  for (auto& one : preview.problems) one.where = request_pointer(one.where);
  preview.coming = std::move(checked.coming);
  if (preview.coming.size() >= kMostListed) {
    const auto last = preview.coming.back().end;
    preview.more = next_start(wanted.broadcast, store::Millis{0}, last).has_value();
  }
  add_own_problems(call.db, preview, wanted);
  return preview;
}

}  // namespace loa::api
