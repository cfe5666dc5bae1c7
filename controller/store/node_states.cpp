#include <map>

#include "controller/store/columns.hpp"
#include "controller/store/node_columns.hpp"
#include "controller/store/nodes.hpp"

namespace loa::store {
namespace {

// `name:number` each; area ids and refusal codes hold neither blanks nor colons.
template <class Each>
void each_pair(const std::string& text, Each each) {
  for (const auto& word : sql::split_words(text)) {
    const auto colon = word.rfind(':');
    if (colon != std::string::npos) each(word.substr(0, colon), std::stoll(word.substr(colon + 1)));
  }
}

std::string pairs_of(const std::vector<protocol::AreaHead>& areas) {
  std::vector<std::string> list;
  for (const auto& area : areas) list.push_back(area.area + ":" + std::to_string(area.alert_revision));
  return sql::join_words(list);
}

std::string pairs_of(const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::string> list;
  for (const auto& [code, count] : counts) list.push_back(code + ":" + std::to_string(count));
  return sql::join_words(list);
}

std::string words_of(const std::vector<int>& numbers) {
  std::vector<std::string> list;
  for (const int number : numbers) list.push_back(std::to_string(number));
  return sql::join_words(list);
}

}  // namespace

template <>
inline constexpr protocol::Lifecycle sql::kLast<protocol::Lifecycle> = protocol::Lifecycle::gone;
template <>
inline constexpr protocol::DiskHealth sql::kLast<protocol::DiskHealth> = protocol::DiskHealth::failing;
template <>
inline constexpr protocol::Supply sql::kLast<protocol::Supply> = protocol::Supply::battery;
template <>
inline constexpr protocol::Amplifier sql::kLast<protocol::Amplifier> = protocol::Amplifier::fault;

template <>
struct sql::Fields<NodeState> {
  static void visit(Columns& c, NodeState& n) {
    auto& s = n.state;
    c("node", s.node);
    c("session", s.session);
    c("session_number", s.session_number);
    c("sequence", s.sequence);
    c("issued", s.issued);
    c("nonce", s.nonce);
    c("lifecycle", s.lifecycle);
    c("formats", [&] { return words_of(s.formats); },
      [&](const std::string& text) {
        s.formats.clear();
        for (const auto& word : split_words(text)) s.formats.push_back(std::stoi(word));
      });
    c("plan_held", s.plan_held);
    c("plan_verified", s.plan_verified);
    c("plan_highest", s.plan_highest);
    c("key_set", s.key_set);
    c("areas", [&] { return pairs_of(s.areas); },
      [&](const std::string& text) {
        s.areas.clear();
        each_pair(text, [&](std::string area, std::int64_t revision) { s.areas.push_back({std::move(area), revision}); });
      });
    c("log_id", s.log_id);
    c("log_number", s.log_number);
    c("log_acked", s.log_acked);
    refusal(c, s.last_refusal);
    c("refusals", [&] { return pairs_of(s.refusals); },
      [&](const std::string& text) {
        s.refusals.clear();
        each_pair(text, [&](const std::string& code, std::int64_t count) { s.refusals[code] = count; });
      });
    c("clock", s.clock);
    c("clock_offset_ms", s.clock_offset_ms);
    c("clock_bound_ms", s.clock_bound_ms);
    c("muted", s.muted);
    c("volume", s.volume);
    c("sounding", s.sounding);
    c("level_dbfs", s.level_dbfs);
    c("level_kind", s.level_kind);
    c("amplifier", s.amplifier);
    c("amplifier_dbfs", s.amplifier_dbfs);
    c("controller_heard", s.controller_heard);
    c("clips_wanted", s.clips_wanted);
    c("clips_held", s.clips_held);
    c("disk_free", s.disk_free);
    c("disk_budget", s.disk_budget);
    c("disk", s.disk);
    c("signal_percent", s.signal_percent);
    c("supply", s.supply);
    c("supply_mv", s.supply_mv);
    c("temperature_c", s.temperature_c);
    c("data_used", s.data_used);
    c("data_budget", s.data_budget);
    c("safe_mode", s.safe_mode);
    c("version", s.version);
    c("os", s.os);
    c("received", n.received);
  }

  static void refusal(Columns& c, std::optional<protocol::RefusalReport>& last) {
    std::optional<std::string> code, where, message;
    std::optional<TimePoint> at;
    if (last) {
      code = last->code;
      where = last->where;
      message = last->message;
      at = last->at;
    }
    c("refusal_code", code);
    c("refusal_where", where);
    c("refusal_message", message);
    c("refusal_at", at);
    if (!c.reading()) return;
    last.reset();
    if (code && where && message && at) last = protocol::RefusalReport{*code, *where, *message, *at};
  }
};

namespace {
struct SignedState {
  NodeState said;
};
}  // namespace

template <>
struct sql::Fields<SignedState> {
  static void visit(Columns& c, SignedState& n) {
    Fields<NodeState>::visit(c, n.said);
    c("packet", n.said.packet);
  }
};

bool put_node_state(Transaction& transaction, const NodeState& state) {
  auto& session = transaction.session();
  const auto& s = state.state;
  if (!sql::exists(session, "select 1 from nodes where id = :id and retired is null", sql::params(s.node))) return false;
  if (sql::exists(session,
                  "select 1 from node_states where node = :node and"
                  " (session_number > :a or (session_number = :b and sequence >= :c))",
                  sql::params(s.node, s.session_number, s.session_number, s.sequence)))
    return false;
  SignedState kept{state};
  if (kept.said.packet.empty()) kept.said.packet = find_state_packet(session, s.node);
  sql::insert(session, "node_states", kept, sql::or_replace<SignedState>("node"));
  return true;
}

std::optional<NodeState> find_node_state(Session& session, const std::string& node) {
  return sql::select_one<NodeState>(session, "from node_states where node = :node", sql::params(node));
}

std::string find_state_packet(Session& session, const std::string& node) {
  return sql::value<std::string>(session, "select packet from node_states where node = :node", sql::params(node)).value_or("");
}

TimePoint newest_state_received(Session& session) {
  return sql::value<std::optional<TimePoint>>(session, "select max(received) from node_states").value_or(std::nullopt).value_or(TimePoint{});
}

std::vector<NodeState> list_node_states(Session& session, const std::vector<std::string>& roots) {
  return sql::select_text<NodeState>(session, sql::kBranch + "select " + sql::columns_of<NodeState>("s") + " from node_states s where s.node in (" + kNodesUnderRoots + ")",
                                     sql::params(sql::roots_text(roots)));
}

}  // namespace loa::store
