#include "controller/api/scopes.hpp"

namespace loa::api {

const char* name_of(Scope scope) {
  switch (scope) {
    case Scope::none: return "";
    case Scope::read_areas: return "read:areas";
    case Scope::read_nodes: return "read:nodes";
    case Scope::read_programmes: return "read:programmes";
    case Scope::read_broadcasts: return "read:broadcasts";
    case Scope::read_records: return "read:records";
    case Scope::read_alerts: return "read:alerts";
    case Scope::read_alarms: return "read:alarms";
    case Scope::read_audit: return "read:audit";
  }
  return "";
}

std::optional<Scope> parse_scope(std::string_view name) {
  for (const auto scope : kScopes)
    if (name == name_of(scope)) return scope;
  return {};
}

}  // namespace loa::api
