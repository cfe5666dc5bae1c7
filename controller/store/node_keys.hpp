#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

struct Node;

/// How long a board's certificate counts from the day on which it was made.
inline constexpr std::chrono::hours kNodeKeysLife{5 * 365 * 24};

/// A pair of keys of one board: the TLS key of a certificate, and the key that signs what it says.
struct NodeKeys {
  std::string node;
  std::string serial;                           ///< of the certificate
  std::array<unsigned char, 32> signing_key{};  ///< Ed25519 public key
  bool bundled = false;                         ///< made with the bundle, not by the board
  std::string request;                          ///< id of the request that it answers; empty for the bundle's
  std::string certificate_pem;                  ///< as it was given; empty for bundles that releases before 0.2 made
  TimePoint issued;
  TimePoint not_after;
  std::optional<TimePoint> used;                ///< first heard with them
  std::optional<TimePoint> ended;               ///< they count no more: given up, or the board is gone
  bool operator==(const NodeKeys&) const = default;
};

/// Keeps new keys that the board may begin to use; others that it asked for and has not used end. False where the serial is known.
bool offer_node_keys(Transaction& transaction, const NodeKeys& keys);
/// The board was heard with these keys: they are those of the node from now on, all others end, and the state that the node said with
/// them is forgotten, so that its numbers bar no later one. Again is harmless; false where there are no
/// such keys of a live node, or they have ended.
bool take_node_keys(Transaction& transaction, const std::string& node, const std::string& serial);

/// Those that `node` speaks with; nothing where the store knows none.
std::optional<NodeKeys> find_keys_in_force(Session& session, const Node& node);
/// Of one node, oldest first.
std::vector<NodeKeys> list_node_keys(Session& session, const std::string& node);
/// Of every live node, by node, oldest first.
std::vector<NodeKeys> list_live_node_keys(Session& session);
/// Serials of all certificates that have ended before their time and whose time is not over at `now`.
std::vector<std::string> list_ended_serials(Session& session, TimePoint now);

/// The keys of a new board's bundle, and the end of a board's keys: for add_node and retire_node.
void add_bundled_keys(Transaction& transaction, const Node& node);
void end_node_keys(Transaction& transaction, const std::string& node);

}  // namespace loa::store
