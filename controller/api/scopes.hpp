#pragma once
#include <array>
#include <optional>
#include <string_view>

namespace loa::api {

/// What a machine's token may read. There is none to change anything: people do that.
enum class Scope {
  none,  ///< of a route that no token opens
  read_areas,
  read_nodes,
  read_programmes,
  read_broadcasts,
  read_records,
  read_alerts,
  read_alarms,
  read_audit
};
/// `read:areas` and so on; empty for none.
const char* name_of(Scope scope);
std::optional<Scope> parse_scope(std::string_view name);

/// Every scope that a token may have.
inline constexpr std::array kScopes = {Scope::read_areas,   Scope::read_nodes,  Scope::read_programmes, Scope::read_broadcasts,
                                       Scope::read_records, Scope::read_alerts, Scope::read_alarms,     Scope::read_audit};

}  // namespace loa::api
