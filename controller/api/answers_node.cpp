#include "controller/api/answers.hpp"
#include "controller/store/node_keys.hpp"
#include "protocol/authorities.hpp"

namespace loa::api {
namespace {

const char* sentence_of(std::string_view reason) {
  static constexpr std::pair<std::string_view, const char*> sentences[] = {
      {"never_reported", "It has not reported yet."},
      {"state_old", "Its last report is too old to be believed."},
      {"gone", "The broker lost it; it cannot be reached."},
      {"muted", "It is muted: nothing sounds, alerts neither."},
      {"plan_not_held", "It does not hold the wanted plan yet."},
      {"clips_missing", "It has not fetched all sound files yet."},
      {"data_short", "Its data of this month runs short: sound files come in the 24 hours before they are due."},
      {"data_used_up", "Its data of this month is used up: sound files come in the two hours before they are due."},
      {"plan_expired", "Its plan has ended; it plays alerts only."},
      {"refused", "It refused the last message."},
      {"clock_untrusted", "It does not know the time."},
      {"safe_mode", "It died again and again and plays alerts only."},
      {"disk_full", "Its disk is full: what it cannot write, a restart loses."},
      {"disk_read_only", "Its disk can only be read: what it cannot write, a restart loses."},
      {"disk_failing", "Its disk fails: what it cannot write, a restart loses."},
      {"controller_unheard", "It does not hear the controller."},
      {"starting", "It is starting."}};
  for (const auto& [word, text] : sentences)
    if (word == reason) return text;
  return "See the node's report.";
}

// What only some boards can tell.
void put_surroundings(json::object& answer, const protocol::State& state) {
  answer["level_kind"] = name_of(state.level_kind);
  if (state.amplifier) answer["amplifier"] = name_of(*state.amplifier);
  if (state.amplifier_dbfs) answer["amplifier_dbfs"] = *state.amplifier_dbfs;
  if (state.disk) answer["disk"] = name_of(*state.disk);
  if (state.supply) answer["supply"] = name_of(*state.supply);
  if (state.supply_mv) answer["supply_mv"] = *state.supply_mv;
  if (state.temperature_c) answer["temperature_c"] = *state.temperature_c;
  if (state.data_used) answer["data_used"] = *state.data_used;
  if (state.data_budget) answer["data_budget"] = *state.data_budget;
  if (state.safe_mode) answer["safe_mode"] = *state.safe_mode;
}

json::object report(const store::NodeState& known) {
  const auto& state = known.state;
  json::object answer;
  answer["reported_at"] = time_text(known.received);
  answer["lifecycle"] = name_of(state.lifecycle);
  answer["plan_held"] = state.plan_held;
  answer["plan_verified"] = state.plan_verified;
  answer["key_set"] = state.key_set;
  answer["clips_wanted"] = state.clips_wanted;
  answer["clips_held"] = state.clips_held;
  answer["disk_free"] = state.disk_free;
  answer["disk_budget"] = state.disk_budget;
  answer["clock"] = name_of(state.clock);
  answer["clock_offset_ms"] = state.clock_offset_ms;
  if (state.clock_bound_ms) answer["clock_bound_ms"] = *state.clock_bound_ms;
  answer["muted"] = state.muted;
  answer["volume"] = state.volume;
  if (!state.sounding.empty()) answer["sounding"] = state.sounding;
  if (state.level_dbfs) answer["level_dbfs"] = *state.level_dbfs;
  if (state.signal_percent) answer["signal_percent"] = *state.signal_percent;
  put_surroundings(answer, state);
  answer["version"] = state.version;
  if (state.last_refusal)
    answer["last_refusal"] = json::object{{"code", state.last_refusal->code},
                                          {"where", state.last_refusal->where},
                                          {"message", state.last_refusal->message},
                                          {"at", time_text(state.last_refusal->at)}};
  answer["log"] = json::object{{"log_id", state.log_id}, {"number", state.log_number}, {"acked", state.log_acked}};
  return answer;
}

json::object certificate(const store::NodeKeys& keys) {
  json::object answer{{"bundled", keys.bundled}, {"ends_at", time_text(keys.not_after)}};
  if (auto by = protocol::issuer_name(keys.certificate_pem); !by.empty()) answer["by"] = std::move(by);
  return answer;
}

}  // namespace

json::object node(store::Session& db, const store::NodeRow& row, store::TimePoint now) {
  json::object answer;
  answer["id"] = row.node.id;
  answer["code"] = row.node.code;
  answer["name"] = row.node.name;
  answer["area"] = row.node.area;
  if (const auto area = store::find_area(db, row.node.area)) answer["area_name"] = area->name;
  if (row.node.latitude) answer["lat"] = *row.node.latitude;
  if (row.node.longitude) answer["lon"] = *row.node.longitude;
  answer["status"] = name_of(store::status_of(row, now));
  json::array reasons;
  for (const auto& reason : store::reasons_of(row, now))
    reasons.push_back(json::object{{"code", reason}, {"detail", sentence_of(reason)}});
  answer["reasons"] = std::move(reasons);
  answer["settings"] = settings(row.node.settings);
  answer["effective_settings"] = effective_settings(row.wanted);
  answer["wanted_plan"] = row.wanted_revision;
  if (row.state) answer["report"] = report(*row.state);
  if (const auto keys = store::find_keys_in_force(db, row.node)) answer["certificate"] = certificate(*keys);
  answer["created_at"] = time_text(row.node.created);
  return answer;
}

}  // namespace loa::api
