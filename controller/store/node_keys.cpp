#include "controller/store/node_keys.hpp"

#include "controller/store/columns.hpp"
#include "controller/store/hex.hpp"
#include "controller/store/nodes.hpp"

namespace loa::store {

template <>
struct sql::Fields<NodeKeys> {
  static void visit(Columns& c, NodeKeys& keys) {
    c("node", keys.node);
    c("serial", keys.serial);
    c("signing_key", [&] { return to_hex(keys.signing_key); }, [&](const std::string& text) { from_hex(text, keys.signing_key); });
    c("bundled", keys.bundled);
    c("request", keys.request);
    c("certificate", keys.certificate_pem);
    c("issued", keys.issued);
    c("not_after", keys.not_after);
    c("used", keys.used);
    c("ended", keys.ended);
  }
};

namespace {

std::optional<NodeKeys> find(Session& session, const std::string& node, const std::string& serial) {
  return sql::select_one<NodeKeys>(session, "from node_keys where node = :node and serial = :serial", sql::params(node, serial));
}

}  // namespace

bool offer_node_keys(Transaction& transaction, const NodeKeys& keys) {
  auto& session = transaction.session();
  const auto node = find_node(session, keys.node);
  if (!node || node->retired || find(session, keys.node, keys.serial)) return false;
  sql::execute(session, "update node_keys set ended = :now where node = :node and ended is null and used is null and bundled = 0",
               sql::params(transaction.now(), keys.node));
  sql::insert(session, "node_keys", keys);
  transaction.audit("offer_keys", "node", keys.node, node->area, node->code + " " + keys.serial);
  return true;
}

bool take_node_keys(Transaction& transaction, const std::string& node, const std::string& serial) {
  auto& session = transaction.session();
  const auto held = find_node(session, node);
  const auto keys = find(session, node, serial);
  if (!held || held->retired || !keys || keys->ended) return false;
  if (held->certificate_serial == serial) return true;
  sql::execute(session, "update node_keys set used = :now where node = :node and serial = :serial",
               sql::params(transaction.now(), node, serial));
  sql::execute(session, "update node_keys set ended = :now where node = :node and serial <> :serial and ended is null",
               sql::params(transaction.now(), node, serial));
  sql::execute(session, "update nodes set certificate_serial = :serial, signing_key = :key where id = :id",
               sql::params(serial, to_hex(keys->signing_key), node));
  sql::execute(session, "delete from node_states where node = :node", sql::params(node));
  transaction.audit("take_keys", "node", node, held->area, held->code + " " + serial);
  return true;
}

std::optional<NodeKeys> find_keys_in_force(Session& session, const Node& node) { return find(session, node.id, node.certificate_serial); }

std::vector<NodeKeys> list_node_keys(Session& session, const std::string& node) {
  return sql::select<NodeKeys>(session, "from node_keys where node = :node order by issued, serial", sql::params(node));
}

std::vector<NodeKeys> list_live_node_keys(Session& session) {
  return sql::select<NodeKeys>(session, "from node_keys k join nodes n on n.id = k.node where n.retired is null order by k.node, k.issued, k.serial", {},
                               "k");
}

std::vector<std::string> list_ended_serials(Session& session, TimePoint now) {
  return sql::values<std::string>(session, "select serial from node_keys where ended is not null and not_after > :now order by ended, serial",
                                  sql::params(now));
}

void add_bundled_keys(Transaction& transaction, const Node& node) {
  NodeKeys keys;
  keys.node = node.id;
  keys.serial = node.certificate_serial;
  keys.signing_key = node.signing_key;
  keys.bundled = true;
  keys.certificate_pem = node.certificate_pem;
  keys.issued = transaction.now();
  keys.not_after = keys.issued + kNodeKeysLife;
  sql::insert(transaction.session(), "node_keys", keys);
}

void end_node_keys(Transaction& transaction, const std::string& node) {
  sql::execute(transaction.session(), "update node_keys set ended = :now where node = :node and ended is null",
               sql::params(transaction.now(), node));
}

}  // namespace loa::store
