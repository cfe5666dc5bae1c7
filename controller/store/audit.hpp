#pragma once
#include <cstdint>
#include <optional>
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
  std::string previous_hash;  ///< of the row before (see audit_chain.hpp)
  std::string hash;
};

/// Which rows, newest first. What is empty does not choose.
struct AuditFilter {
  std::vector<std::string> roots;  ///< of these branches
  bool unbound = false;            ///< with rows of no branch
  bool everything = false;         ///< of all branches, those of areas that are gone too
  std::string user;                ///< id
  std::string action;
  std::string subject;
  std::optional<TimePoint> from, to;
  std::int64_t before_number = 0;  ///< only older ones; 0: from the newest
  int limit = 200;
};
std::vector<AuditRow> list_audit(Session& session, const AuditFilter& filter);

/// Newest first; of the branches of `roots`, with rows of no branch where `unbound` is set.
std::vector<AuditRow> list_audit(Session& session, const std::vector<std::string>& roots, bool unbound = false,
                                 int limit = 200, std::int64_t before_number = 0);
/// Oldest first, of all branches, those with higher numbers than `after`.
std::vector<AuditRow> list_audit_after(Session& session, std::int64_t after, int limit);
/// The number and hash of the newest row; number 0 and first_previous_hash() where there is none. For whoever adds the next.
std::pair<std::int64_t, std::string> newest_audit(Session& session);
/// Adds a row as it is.
void insert_audit(Session& session, const AuditRow& row);

}  // namespace loa::store
