#include "controller/store/audit.hpp"

#include <limits>

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
  }
};

std::vector<AuditRow> list_audit(Session& session, const std::vector<std::string>& roots, bool unbound, int limit,
                                 std::int64_t before_number) {
  if (before_number <= 0) before_number = std::numeric_limits<std::int64_t>::max();
  return sql::select_text<AuditRow>(session,
                                    sql::kBranch + "select " + sql::columns_of<AuditRow>() +
                                        " from audit where number < :before and (area in (select id from branch)" +
                                        (unbound ? " or area = ''" : "") + ") order by number desc" + sql::limit(limit),
                                    sql::params(sql::roots_text(roots), before_number));
}

}  // namespace loa::store
