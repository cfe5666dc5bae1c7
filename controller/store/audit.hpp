#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// Who did what to what, and when; written with the write itself.
struct AuditRow {
  std::int64_t number = 0;
  TimePoint at;
  std::string user;
  std::string address;
  std::string action;   ///< `add`, `update`, `approve`, `cancel` …
  std::string subject;  ///< `area`, `node`, `programme` …
  std::string id;
  std::string area;     ///< empty: of no branch
  std::string detail;
};

/// Newest first; of the branches of `roots`, with rows of no branch where `unbound` is set.
std::vector<AuditRow> list_audit(Session& session, const std::vector<std::string>& roots, bool unbound = false,
                                 int limit = 200, std::int64_t before_number = 0);

}  // namespace loa::store
