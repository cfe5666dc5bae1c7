#include "controller/api/relay_request.hpp"

#include <algorithm>

#include "controller/store/areas.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/streams.hpp"

namespace loa::api {
namespace {

using scheduler::AfterInterrupt;
using scheduler::LateRule;

constexpr std::int64_t kShortestSeconds = 10;
constexpr std::int64_t kLongestSeconds = 12 * 3600;

/// The chain of areas of everything that the broadcast is aimed at, each from the root down.
std::vector<std::vector<std::string>> target_chains(store::Session& db, const store::Broadcast& broadcast) {
  std::vector<std::vector<std::string>> chains;
  for (const auto& area : broadcast.areas) chains.push_back(store::chain(db, area));
  for (const auto& id : broadcast.nodes)
    if (const auto node = store::find_node(db, id)) chains.push_back(store::chain(db, node->area));
  return chains;
}

bool all_hold(const std::vector<std::vector<std::string>>& chains, const std::string& area) {
  return std::all_of(chains.begin(), chains.end(), [&](const auto& chain) { return std::find(chain.begin(), chain.end(), area) != chain.end(); });
}

/// The lowest area that holds all targets; empty where none does.
std::string common_area(const std::vector<std::vector<std::string>>& chains) {
  if (chains.empty()) return {};
  auto lowest = chains.front();
  while (!lowest.empty() && !all_hold(chains, lowest.back())) lowest.pop_back();
  return lowest.empty() ? "" : lowest.back();
}

scheduler::Problem problem(std::string code, std::string where, std::string message, bool refuses) {
  scheduler::Problem made;
  made.code = std::move(code);
  made.where = std::move(where);
  made.message = std::move(message);
  made.refuses = refuses;
  return made;
}

const char* sentence_of(std::string_view why) {
  if (why == "stream_retired") return "The stream is retired.";
  if (why == "stream_not_approved") return "The stream is not approved as it is now.";
  return "The stream comes without TLS, and the province has not allowed that.";
}

}  // namespace

void read_relay(Fields& fields, store::Broadcast& broadcast) {
  const auto stream = fields.optional_text("stream", {1, 40});
  const auto seconds = fields.optional_integer("duration_s", kShortestSeconds, kLongestSeconds);
  const bool programme = fields.has("programme");
  if (!stream) {
    if (!programme && !fields.has("stream")) fields.fault("programme", "missing_field", "this field or `stream` is needed");
    if (fields.has("duration_s")) fields.fault("duration_s", "only_for_relays", "a programme lasts as long as its sound");
    return;
  }
  broadcast.stream = *stream;
  broadcast.duration = std::chrono::seconds(seconds.value_or(0));
  if (programme) fields.fault("stream", "two_subjects", "a broadcast is of a programme or of a stream, not of both");
  if (!fields.has("duration_s")) fields.fault("duration_s", "missing_field", "this field is needed with `stream`");
  if (fields.has("after_interrupt") && broadcast.after_interrupt != AfterInterrupt::join)
    fields.fault("after_interrupt", "not_for_relays", "a relay goes on where it is by then: join");
  if (fields.has("late") && broadcast.late != LateRule::join) fields.fault("late", "not_for_relays", "a relay that begins late ends when it would: join");
  broadcast.after_interrupt = AfterInterrupt::join;
  broadcast.late = LateRule::join;
}

std::optional<http::Problem> settle_relay(const StoreCall& call, store::Broadcast& broadcast) {
  const auto stream = store::find_stream(call.db, broadcast.stream);
  const auto chains = target_chains(call.db, broadcast);
  if (!stream || !all_hold(chains, stream->area))
    return refused("unknown_stream", "There is no stream \"" + broadcast.stream + "\" for all these nodes.", "/stream");
  broadcast.area = store::is_within(call.db, stream->area, call.call.roots()) ? stream->area : common_area(chains);
  if (store::is_within(call.db, broadcast.area, call.call.roots())) return {};
  return refused("no_common_area", "No area that you schedule for holds all of these: schedule it for each apart.", "/areas");
}

std::vector<scheduler::Problem> relay_problems(store::Session& db, const store::Broadcast& broadcast) {
  std::vector<scheduler::Problem> problems;
  const auto stream = store::find_stream(db, broadcast.stream).value();
  if (const std::string why = held_back_by(stream); !why.empty()) problems.push_back(problem(why, "/stream", sentence_of(why), true));
  if (is_plain_http(stream))
    problems.push_back(problem("unsafe_stream", "/stream", "The stream comes without TLS: whoever sits on its way can put other words in its place.", false));
  if (broadcast.substitutes.empty())
    problems.push_back(problem("no_substitute", "/substitutes", "No programme stands in where the stream is lost or silent.", false));
  return problems;
}

}  // namespace loa::api
