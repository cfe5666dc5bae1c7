#include "controller/store/audit.hpp"

#include <limits>

#include "controller/store/audit_chain.hpp"
#include "controller/store/columns.hpp"

namespace loa::store {

template <>
struct sql::Fields<AuditRow> {
  static void visit(Columns& c, AuditRow& row) {
    c("number", row.number);
    c("at", row.at);
    c("user_id", row.user);
    c("address", row.address);
    c("action", row.action);
    c("subject", row.subject);
    c("id", row.id);
    c("area", row.area);
    c("detail", row.detail);
    c("previous_hash", row.previous_hash);
    c("hash", row.hash);
  }
};

namespace {

/// ` and condition` with its parameter, where there is something to choose by.
template <class T>
std::string only(const char* condition, const T& value, bool chosen, std::vector<sql::Cell>& parameters) {
  if (!chosen) return {};
  parameters.push_back(sql::cell_of(value));
  return std::string(" and ") + condition;
}

}  // namespace

std::vector<AuditRow> list_audit(Session& session, const AuditFilter& filter) {
  const auto before = filter.before_number > 0 ? filter.before_number : std::numeric_limits<std::int64_t>::max();
  auto parameters = filter.everything ? sql::params(before) : sql::params(sql::roots_text(filter.roots), before);
  auto text = (filter.everything ? "" : sql::kBranch) + "select " + sql::columns_of<AuditRow>() + " from audit where number < :before";
  if (!filter.everything) text += std::string(" and (area in (select id from branch)") + (filter.unbound ? " or area = ''" : "") + ")";
  text += only("user_id = :user", filter.user, !filter.user.empty(), parameters);
  text += only("action = :action", filter.action, !filter.action.empty(), parameters);
  text += only("subject = :subject", filter.subject, !filter.subject.empty(), parameters);
  text += only("at >= :from", filter.from.value_or(TimePoint{}), filter.from.has_value(), parameters);
  text += only("at < :to", filter.to.value_or(TimePoint{}), filter.to.has_value(), parameters);
  return sql::select_text<AuditRow>(session, text + " order by number desc" + sql::limit(filter.limit), std::move(parameters));
}

std::vector<AuditRow> list_audit(Session& session, const std::vector<std::string>& roots, bool unbound, int limit,
                                 std::int64_t before_number) {
  AuditFilter filter;
  filter.roots = roots;
  filter.unbound = unbound;
  filter.limit = limit;
  filter.before_number = before_number;
  return list_audit(session, filter);
}

std::vector<AuditRow> list_audit_after(Session& session, std::int64_t after, int limit) {
  return sql::select<AuditRow>(session, "from audit where number > :after order by number" + sql::limit(limit), sql::params(after));
}

std::pair<std::int64_t, std::string> newest_audit(Session& session) {
  const auto rows = sql::select<AuditRow>(session, "from audit order by number desc" + sql::limit(1));
  if (rows.empty()) return {0, first_previous_hash()};
  return {rows.front().number, rows.front().hash};
}

void insert_audit(Session& session, const AuditRow& row) { sql::insert(session, "audit", row); }

}  // namespace loa::store
