#pragma once
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/policy.hpp"

namespace loa::store {

/// What an area allows; what is not set is inherited from the area above.
struct AreaPolicy {
  scheduler::Policy limits;            ///< windows and sessions
  std::optional<bool> self_approval;   ///< the author may approve the own programme
  bool operator==(const AreaPolicy&) const = default;
};

/// Wanted settings of an area or node; what is not set is inherited, and mute anywhere above mutes.
struct OwnSettings {
  std::optional<bool> mute;
  std::optional<int> volume;        ///< percent, 0..100
  std::optional<int> alert_volume;  ///< percent, 0..100
  std::optional<std::vector<scheduler::VolumeHours>> volume_by_hour;
  std::optional<std::string> stand_in;  ///< name of a stock clip for where nothing planned can sound; empty: none
  bool operator==(const OwnSettings&) const = default;
};

/// A place in the tree; the id is never changed and never reused.
struct Area {
  std::string id;        ///< [a-z0-9-]{1,40}
  std::string parent;    ///< empty: a root
  std::string code;
  std::vector<std::string> old_codes;
  std::string name;
  std::string kind;      ///< province, ward, commune, zone
  std::string time_zone; ///< empty: inherited, Asia/Ho_Chi_Minh at the root
  std::optional<double> latitude, longitude, km2;
  AreaPolicy policy;
  OwnSettings settings;
  bool operator==(const Area&) const = default;
};

/// Settings and policy after inheritance down a chain of areas.
struct Inherited {
  bool mute = false;
  std::string muted_by;  ///< id of the topmost area or node whose mute holds, else empty
  int volume = 100;
  int alert_volume = 100;
  std::vector<scheduler::VolumeHours> volume_by_hour;
  std::string stand_in;  ///< empty: none
  scheduler::Policy policy;
  bool self_approval = false;
  std::string time_zone = "Asia/Ho_Chi_Minh";
  bool operator==(const Inherited&) const = default;
};

/// Lays the own settings of the area or node `id` over what it inherits.
void apply(Inherited& all, const OwnSettings& own, const std::string& id);
/// What holds at the end of `areas` (the root first).
Inherited inherit(const std::vector<Area>& areas);

/// False where the id is not of the right form or is taken, the parent does not exist, or lies as deep as a chain may go.
bool add_area(Transaction& transaction, const Area& area);
/// Changes everything but id; false where there is no such area, no such parent, the parent lies below it, or a chain
/// would become too deep.
bool update_area(Transaction& transaction, const Area& area);
/// Sets only the policy; false where there is no such area.
bool set_area_policy(Transaction& transaction, const std::string& id, const AreaPolicy& policy);
/// Sets only the settings; false where there is no such area.
bool set_area_settings(Transaction& transaction, const std::string& id, const OwnSettings& settings);

std::optional<Area> find_area(Session& session, const std::string& id);
/// The area that has `code` now, else the one that has it among the old codes.
std::optional<Area> find_area_by_code(Session& session, const std::string& code);
/// All areas at or below any of `roots`, parents before children; empty roots give nothing.
std::vector<Area> subtree(Session& session, const std::vector<std::string>& roots);
/// All areas, parents before children.
std::vector<Area> list_areas(Session& session);
/// The ids from the root down to `id` itself; empty where there is no such area.
std::vector<std::string> chain(Session& session, const std::string& id);
/// Whether `id` is one of `roots` or below one.
bool is_within(Session& session, const std::string& id, const std::vector<std::string>& roots);
/// What holds for area `id`.
Inherited inherited(Session& session, const std::string& id);

}  // namespace loa::store
