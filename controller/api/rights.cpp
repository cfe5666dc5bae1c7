#include "controller/api/rights.hpp"

#include <algorithm>

namespace loa::api {

const char* name_of(Right right) {
  switch (right) {
    case Right::anyone: return "public";
    case Right::signed_in: return "signed_in";
    case Right::see: return "see";
    case Right::write_programmes: return "write_programmes";
    case Right::approve_programmes: return "approve_programmes";
    case Right::schedule: return "schedule";
    case Right::allow_plain_http: return "allow_plain_http";
    case Right::control_nodes: return "control_nodes";
    case Right::raise_alerts: return "raise_alerts";
    case Right::see_audit: return "see_audit";
    case Right::administer: return "administer";
  }
  return "";
}

bool gives(store::Role role, Right right) {
  using store::Role;
  switch (right) {
    case Right::anyone:
    case Right::signed_in:
    case Right::see: return true;
    case Right::write_programmes: return role == Role::author;
    case Right::approve_programmes:
    case Right::raise_alerts: return role == Role::approver;
    case Right::schedule: return role == Role::author || role == Role::approver;
    case Right::control_nodes: return role != Role::monitor;
    case Right::see_audit: return role == Role::monitor || role == Role::admin;
    case Right::allow_plain_http:
    case Right::administer: return role == Role::admin;
  }
  return false;
}

std::vector<std::string> roots_of(const std::vector<store::Grant>& grants, Right right) {
  std::vector<std::string> roots;
  for (const auto& grant : grants)
    if (gives(grant.role, right) && std::find(roots.begin(), roots.end(), grant.area) == roots.end())
      roots.push_back(grant.area);
  return roots;
}

}  // namespace loa::api
