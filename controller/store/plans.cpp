#include "controller/store/plans.hpp"

#include <algorithm>

#include "controller/store/columns.hpp"

namespace loa::store {

template <>
struct sql::Fields<PlanRevision> {
  static void visit(Columns& c, PlanRevision& r) {
    c("node", r.node);
    c("revision", r.revision);
    c("made", r.made);
    c("until_time", r.until);
    c("content_hash", r.content_hash);
    c("packet_hash", r.packet_hash);
  }
};

template <>
struct sql::Fields<Retained> {
  static void visit(Columns& c, Retained& r) {
    c("topic", r.topic);
    c("revision", r.revision);
    c("packet", r.packet);
  }
};

namespace {

// Long after the last node that could still hold one has let it go.
constexpr std::chrono::hours kKeepRevisions{60 * 24};

std::string raised_name(const std::string& node) { return "plan_raised:" + node; }

}  // namespace

bool put_plan_revision(Transaction& transaction, const PlanRevision& revision) {
  if (revision.revision <= highest_plan_revision(transaction.session(), revision.node)) return false;
  sql::insert(transaction.session(), "plan_revisions", revision);
  sql::execute(transaction.session(), "delete from plan_revisions where node = :node and made < :then",
               sql::params(revision.node, revision.made - kKeepRevisions));
  return true;
}

std::optional<PlanRevision> find_plan_revision(Session& session, const std::string& node) {
  return sql::select_one<PlanRevision>(session, "from plan_revisions where node = :node order by revision desc limit 1",
                                       sql::params(node));
}

std::vector<PlanRevision> list_plan_revisions(Session& session) {
  return sql::select<PlanRevision>(session,
                                   "from plan_revisions p where p.revision ="
                                   " (select max(q.revision) from plan_revisions q where q.node = p.node) order by p.node",
                                   {}, "p");
}

void raise_plan_revision(Transaction& transaction, const std::string& node, std::int64_t revision) {
  raise_mark(transaction, raised_name(node), revision);
  transaction.audit("raise_revision", "node", node, {}, std::to_string(revision));
}

std::int64_t highest_plan_revision(Session& session, const std::string& node) {
  const auto signed_last = find_plan_revision(session, node);
  return std::max(signed_last ? signed_last->revision : 0, find_mark(session, raised_name(node)));
}

void put_retained(Transaction& transaction, const Retained& retained) {
  sql::insert(transaction.session(), "retained_messages", retained, sql::or_replace<Retained>("topic"));
}

void drop_retained(Transaction& transaction, const std::string& topic) {
  sql::execute(transaction.session(), "delete from retained_messages where topic = :topic", sql::params(topic));
}

std::vector<Retained> list_retained(Session& session) {
  return sql::select<Retained>(session, "from retained_messages order by topic");
}

std::int64_t find_mark(Session& session, const std::string& name) {
  return sql::value<std::int64_t>(session, "select value from marks where name = :name", sql::params(name)).value_or(0);
}

void raise_mark(Transaction& transaction, const std::string& name, std::int64_t value) {
  sql::execute(transaction.session(),
               "insert into marks (name, value) values (:name, :value) on conflict (name) do update"
               " set value = excluded.value where marks.value < excluded.value",
               sql::params(name, value));
}

}  // namespace loa::store
