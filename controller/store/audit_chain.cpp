#include "controller/store/audit_chain.hpp"

#include "controller/store/sql.hpp"
#include "protocol/hash.hpp"

namespace loa::store {
namespace {

constexpr int kRowsAtOnce = 1'000;

void put(std::string& text, const std::string& field) { text += std::to_string(field.size()) + ":" + field + ","; }

}  // namespace

std::string first_previous_hash() { return std::string(64, '0'); }

std::string audit_hash(const AuditRow& row) {
  std::string text = "loa-audit-1";
  for (const auto& field : {row.previous_hash, std::to_string(row.number), std::to_string(scheduler::to_ms(row.at)), row.user, row.address,
                            row.action, row.subject, row.id, row.area, row.detail})
    put(text, field);
  return protocol::sha256_hex(text);
}

void AuditFollower::fault(std::int64_t number, std::string what) {
  // Rows come from the newest to the oldest: the last fault found is the first of the log.
  x_check.fault = AuditFault{number, std::move(what)};
}

void AuditFollower::take(const AuditRow& row) {
  if (!x_newer) {
    x_check.last = row.number;
    x_check.hash = row.hash;
  } else if (row.number >= x_newer->number) {
    fault(row.number, "its number does not fall: rows came twice or in disorder");
  } else if (row.number + 1 != x_newer->number) {
    fault(row.number + 1, x_newer->number - row.number == 2 ? "it is missing" : "it and others up to " + std::to_string(x_newer->number - 1) + " are missing");
  } else if (x_newer->previous_hash != row.hash) {
    fault(x_newer->number, "it does not follow the row before");
  }
  if (row.hash != audit_hash(row)) fault(row.number, "it does not say what it said when it was written");
  ++x_check.rows;
  x_newer = row;
}

AuditCheck AuditFollower::finish(std::int64_t oldest_wanted) {
  if (x_newer && x_newer->number > oldest_wanted) {
    fault(oldest_wanted, x_newer->number - oldest_wanted == 1 ? "it is missing" : "it and others up to " + std::to_string(x_newer->number - 1) + " are missing");
  } else if (x_newer && x_newer->number == 1 && x_newer->previous_hash != first_previous_hash()) {
    fault(1, "it does not begin the chain");
  }
  return x_check;
}

AuditCheck verify_audit(Session& session) {
  AuditFollower follower;
  AuditFilter filter;
  filter.everything = true;
  filter.limit = kRowsAtOnce;
  for (;;) {
    const auto rows = list_audit(session, filter);
    for (const auto& row : rows) follower.take(row);
    if (rows.size() < static_cast<std::size_t>(kRowsAtOnce)) return follower.finish();
    filter.before_number = rows.back().number;
  }
}

void chain_audit(Session& session) {
  auto previous = first_previous_hash();
  std::int64_t after = 0;
  for (;;) {
    auto rows = list_audit_after(session, after, kRowsAtOnce);
    for (auto& row : rows) {
      row.previous_hash = previous;
      row.hash = previous = audit_hash(row);
      sql::execute(session, "update audit set previous_hash = :previous, hash = :hash where number = :number",
                   sql::params(row.previous_hash, row.hash, row.number));
    }
    if (rows.size() < static_cast<std::size_t>(kRowsAtOnce)) return;
    after = rows.back().number;
  }
}

}  // namespace loa::store
