#include "controller/store/nodes.hpp"

#include <map>

#include "controller/store/columns.hpp"
#include "controller/store/hex.hpp"
#include "controller/store/node_columns.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/node_rows.hpp"
#include "controller/store/plans.hpp"

namespace loa::store {

template <>
struct sql::Fields<Node> {
  static void visit(Columns& c, Node& n) {
    c("id", n.id);
    c("code", n.code);
    c("name", n.name);
    c("area", n.area);
    c("signing_key", [&] { return to_hex(n.signing_key); },
      [&](const std::string& text) { from_hex(text, n.signing_key); });
    c("certificate_serial", n.certificate_serial);
    c("latitude", n.latitude);
    c("longitude", n.longitude);
    settings_columns(c, n.settings);
    c("created", n.created);
    c("retired", n.retired);
  }
};

namespace {

struct WantedRevision {
  std::string node;
  std::int64_t revision = 0;
};

}  // namespace

template <>
struct sql::Fields<WantedRevision> {
  static void visit(Columns& c, WantedRevision& r) {
    c("node", r.node);
    c("revision", r.revision);
  }
};

namespace {

std::map<std::string, std::int64_t> wanted_revisions(Session& session, const std::vector<std::string>& roots) {
  const std::string select = sql::kBranch + "select p.node, max(p.revision) from plan_revisions p where p.node in (" + kNodesUnderRoots + ") group by p.node";
  std::map<std::string, std::int64_t> revisions;
  for (auto& one : sql::select_text<WantedRevision>(session, select, sql::params(sql::roots_text(roots)))) revisions.emplace(std::move(one.node), one.revision);
  return revisions;
}

bool area_exists(Session& session, const std::string& id) {
  return sql::exists(session, "select 1 from areas where id = :id", sql::params(id));
}

const std::string kUnderRoots = " where n.retired is null and n.area in (select id from branch) order by n.area, n.code";

void write(Transaction& transaction, const Node& node, std::string_view action) {
  sql::update(transaction.session(), "nodes", node, "id = :id", sql::params(node.id));
  transaction.audit(action, "node", node.id, node.area, node.code);
}

// The chains and settings of many nodes from one reading of the areas.
class Tree {
 public:
  explicit Tree(Session& session) {
    for (auto& area : list_areas(session)) x_areas.emplace(area.id, std::move(area));
  }
  void fill(NodeRow& row) const {
    std::vector<Area> above;
    for (auto id = row.node.area; !id.empty();) {
      const auto& area = x_areas.at(id);
      above.insert(above.begin(), area);
      id = area.parent;
    }
    row.wanted = inherit(above);
    apply(row.wanted, row.node.settings, row.node.id);
    for (const auto& area : above) row.areas.push_back(area.id);
  }

 private:
  std::map<std::string, Area> x_areas;
};

NodeRow row_of(Session& session, const Tree& tree, Node node) {
  NodeRow row;
  row.node = std::move(node);
  tree.fill(row);
  if (const auto revision = find_plan_revision(session, row.node.id)) row.wanted_revision = revision->revision;
  row.state = find_node_state(session, row.node.id);
  return row;
}

}  // namespace

int count_live_nodes(Session& session) {
  return sql::value<int>(session, "select count(*) from nodes where retired is null").value_or(0);
}

bool add_node(Transaction& transaction, const Node& node) {
  auto& session = transaction.session();
  if (!area_exists(session, node.area) || find_node_by_code(session, node.code) || find_node(session, node.id)) return false;
  Node added = node;
  added.created = transaction.now();
  added.retired.reset();
  sql::insert(session, "nodes", added);
  add_bundled_keys(transaction, node);
  transaction.audit("add", "node", node.id, node.area, node.code);
  return true;
}

bool update_node(Transaction& transaction, const Node& node) {
  auto held = find_node(transaction.session(), node.id);
  if (!held || held->retired || !area_exists(transaction.session(), node.area)) return false;
  held->name = node.name;
  held->area = node.area;
  held->latitude = node.latitude;
  held->longitude = node.longitude;
  held->settings = node.settings;
  write(transaction, *held, "update");
  return true;
}

bool set_node_settings(Transaction& transaction, const std::string& id, const OwnSettings& settings) {
  auto held = find_node(transaction.session(), id);
  if (!held || held->retired) return false;
  held->settings = settings;
  write(transaction, *held, "set_settings");
  return true;
}

bool retire_node(Transaction& transaction, const std::string& id) {
  auto held = find_node(transaction.session(), id);
  if (!held || held->retired) return false;
  held->retired = transaction.now();
  write(transaction, *held, "retire");
  end_node_keys(transaction, id);
  sql::execute(transaction.session(),
               "update occurrences set withdrawn = 1 where node = :node and due > :now and log_id is null",
               sql::params(id, transaction.now()));
  return true;
}

std::optional<Node> replace_node(Transaction& transaction, const Node& board) {
  auto& session = transaction.session();
  auto before = find_place(session, board.code);
  if (!before || find_node(session, board.id)) return std::nullopt;
  if (!before->retired) retire_node(transaction, before->id);
  auto node = *before;
  node.id = board.id;
  node.signing_key = board.signing_key;
  node.certificate_serial = board.certificate_serial;
  node.certificate_pem = board.certificate_pem;
  if (!add_node(transaction, node)) return std::nullopt;
  sql::execute(session, "update broadcast_nodes set node = :node where node = :before", sql::params(node.id, before->id));
  transaction.audit("replace", "node", node.id, node.area, node.code + " " + before->id);
  return before;
}

std::optional<Node> find_node(Session& session, const std::string& id) {
  return sql::select_one<Node>(session, "from nodes where id = :id", sql::params(id));
}

std::optional<Node> find_node_by_code(Session& session, const std::string& code) {
  return sql::select_one<Node>(session, "from nodes where code = :code and retired is null", sql::params(code));
}

std::optional<Node> find_place(Session& session, const std::string& code) {
  if (auto live = find_node_by_code(session, code)) return live;
  return sql::select_one<Node>(session, "from nodes where code = :code order by retired desc, id limit 1", sql::params(code));
}

std::vector<Node> list_nodes(Session& session, const std::vector<std::string>& roots) {
  const std::string select = sql::kBranch + "select " + sql::columns_of<Node>("n") + " from nodes n" + kUnderRoots;
  return sql::select_text<Node>(session, select, sql::params(sql::roots_text(roots)));
}

std::vector<Node> list_every_node(Session& session) {
  return sql::select<Node>(session, "from nodes order by code, created, id");
}

std::vector<Node> list_live_nodes(Session& session) {
  return sql::select<Node>(session, "from nodes where retired is null order by area, code");
}

std::vector<NodeRow> list_node_rows(Session& session, const std::vector<std::string>& roots) {
  std::map<std::string, NodeState> states;
  for (auto& state : list_node_states(session, roots)) {
    auto id = state.state.node;
    states.emplace(std::move(id), std::move(state));
  }
  const auto revisions = wanted_revisions(session, roots);
  const Tree tree(session);
  std::vector<NodeRow> rows;
  for (auto& node : list_nodes(session, roots)) {
    auto& row = rows.emplace_back();
    row.node = std::move(node);
    tree.fill(row);
    if (const auto found = revisions.find(row.node.id); found != revisions.end()) row.wanted_revision = found->second;
    if (auto found = states.find(row.node.id); found != states.end()) row.state = std::move(found->second);
  }
  return rows;
}

std::vector<NodeRow> find_node_rows(Session& session, const std::vector<std::string>& ids) {
  const Tree tree(session);
  std::vector<NodeRow> rows;
  for (const auto& id : ids)
    if (auto node = find_node(session, id); node && !node->retired)
      rows.push_back(row_of(session, tree, std::move(*node)));
  return rows;
}

scheduler::PlanNode plan_node_of(const NodeRow& row) {
  scheduler::PlanNode node;
  node.id = row.node.id;
  node.code = row.node.code;
  node.areas = row.areas;
  node.time_zone = row.wanted.time_zone;
  node.settings.mute = row.wanted.mute;
  node.settings.volume = row.wanted.volume;
  node.settings.alert_volume = row.wanted.alert_volume;
  node.settings.volume_by_hour = row.wanted.volume_by_hour;
  if (!row.wanted.stand_in.empty()) node.settings.stand_in = row.wanted.stand_in;
  return node;
}

std::optional<NodeRow> find_node_row(Session& session, const std::string& id) {
  auto node = find_node(session, id);
  if (!node) return std::nullopt;
  return row_of(session, Tree(session), std::move(*node));
}

}  // namespace loa::store
