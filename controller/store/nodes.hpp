#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/areas.hpp"
#include "protocol/messages.hpp"

namespace loa::store {

/// A loudspeaker place and the board that is there now: the code stays, the id is new for each board.
struct Node {
  std::string id;    ///< `n-` + random; certificate identity and topic
  std::string code;  ///< unique among the nodes that are not retired
  std::string name;
  std::string area;
  std::array<unsigned char, 32> signing_key{};  ///< Ed25519 public key of what it says
  std::string certificate_serial;
  std::optional<double> latitude, longitude;
  OwnSettings settings;
  TimePoint created;
  std::optional<TimePoint> retired;
  std::string certificate_pem;  ///< of its bundle: for add_node and replace_node, which keep it with the keys; never read back here
  bool operator==(const Node&) const = default;
};

/// The newest state that a node signed, and when it came.
struct NodeState {
  protocol::State state;  ///< of a board that is gone: what it said last in that session; its will says what was true before
  TimePoint received;
  std::string packet;  ///< as it was signed: for put_node_state, which keeps it (empty: the one held says what this does); never read back with it
};

/// A node with what is known of it.
struct NodeRow {
  Node node;
  std::vector<std::string> areas;  ///< its chain, the root first
  Inherited wanted;                ///< after inheritance, the node's own settings included
  std::int64_t wanted_revision = 0;
  std::optional<NodeState> state;
};

/// What the page calls a node; `unknown`: two state periods without a newer signed state.
enum class NodeStatus { ready, playing, fetching, offline, muted, error, unknown };
const char* name_of(NodeStatus status);

/// How often a node reports when nothing changes.
inline constexpr Millis kStatePeriod = std::chrono::minutes(30);

/// The status of `row` at `now`; ready only when it reported the wanted revision and verified every file in it.
NodeStatus status_of(const NodeRow& row, TimePoint now, Millis state_period = kStatePeriod);
/// Why it is not (only) ready, as stable words: never_reported, state_old, gone, muted, plan_not_held, clips_missing (with data_short or
/// data_used_up where they wait for the month's data, see scheduler::fetch_ahead), plan_expired, refused, clock_untrusted,
/// safe_mode, disk_full, disk_read_only, disk_failing, controller_unheard, starting.
std::vector<std::string> reasons_of(const NodeRow& row, TimePoint now, Millis state_period = kStatePeriod);

/// Live nodes of one controller that the api makes: what the broker reads at each change in some seconds, and what its files hold several times
/// over (authority::kMostFileBytes).
inline constexpr int kMostNodes = 20'000;
int count_live_nodes(Session& session);

/// False where the id or the live code is taken or there is no such area.
bool add_node(Transaction& transaction, const Node& node);
/// Changes name, area, place and settings; false where there is no such live node or no such area.
bool update_node(Transaction& transaction, const Node& node);
bool set_node_settings(Transaction& transaction, const std::string& id, const OwnSettings& settings);
/// Keeps the history, ends everything else; false where it was not live.
bool retire_node(Transaction& transaction, const std::string& id);

/// A new board at the place of `board.code`: it gets everything that the node before has, which is retired where it still lives, and the broadcasts
/// that name that. The node as it was before; nothing where the code was never used or the board's id is taken.
std::optional<Node> replace_node(Transaction& transaction, const Node& board);

std::optional<Node> find_node(Session& session, const std::string& id);
std::optional<Node> find_node_by_code(Session& session, const std::string& code);
/// The live node of this code, else the one that was retired last.
std::optional<Node> find_place(Session& session, const std::string& code);
std::optional<NodeRow> find_node_row(Session& session, const std::string& id);
/// Live nodes in the subtree of any of `roots`, by area then code.
std::vector<Node> list_nodes(Session& session, const std::vector<std::string>& roots);
std::vector<NodeRow> list_node_rows(Session& session, const std::vector<std::string>& roots);
/// Every node there ever was, by code, then creation.
std::vector<Node> list_every_node(Session& session);
/// Every live node.
std::vector<Node> list_live_nodes(Session& session);

/// Keeps `state` where it is newer than what is held (session number, then sequence); false where it is not, or the node is unknown.
bool put_node_state(Transaction& transaction, const NodeState& state);
std::optional<NodeState> find_node_state(Session& session, const std::string& node);
/// When the newest of all came: the last moment that a copy of the store knows of.
TimePoint newest_state_received(Session& session);

}  // namespace loa::store
