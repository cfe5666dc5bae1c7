#include "controller/store/node_troubles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/store/log_batches.hpp"
#include "controller/store/sql.hpp"

namespace loa::store {

namespace {

/// What a board's newest state says of its hardware.
struct Told {
  std::string node;
  std::string area;
  std::optional<double> level_dbfs;
  std::optional<double> amplifier_dbfs;
  std::optional<std::int64_t> supply_mv;
  std::optional<std::int64_t> data_used;
  std::optional<std::int64_t> data_budget;
  std::optional<std::string> disk;
  std::optional<std::string> safe_mode;
};

}  // namespace

template <>
struct sql::Fields<Told> {
  static void visit(Columns& c, Told& told) {
    c("node", told.node);
    c("area", told.area);
    c("level_dbfs", told.level_dbfs);
    c("amplifier_dbfs", told.amplifier_dbfs);
    c("supply_mv", told.supply_mv);
    c("data_used", told.data_used);
    c("data_budget", told.data_budget);
    c("disk", told.disk);
    c("safe_mode", told.safe_mode);
  }
};

namespace {

std::vector<Told> where(Session& session, const std::string& condition) {
  return sql::select_text<Told>(session,
                                "select s.node, n.area, s.level_dbfs, s.amplifier_dbfs, s.supply_mv, s.data_used, s.data_budget, s.disk, s.safe_mode"
                                " from node_states s join nodes n on n.id = s.node where n.retired is null and " + condition +
                                    " order by s.node",
                                sql::params());
}

std::int64_t mib(std::int64_t bytes) { return bytes >> 20; }

}  // namespace

std::vector<NewAlarm> silent_amplifiers(Session& session) {
  std::vector<NewAlarm> alarms;
  for (const auto& told : where(session, "s.amplifier = 'fault'")) {
    auto detail = std::string("its amplifier is in fault, cannot be switched, or is silent while sound is sent");
    if (told.amplifier_dbfs && told.level_dbfs)
      detail += fmt::format("; last heard at the amplifier {:.0f} dBFS, sent {:.0f} dBFS", *told.amplifier_dbfs, *told.level_dbfs);
    alarms.push_back({AlarmKind::amplifier_silent, told.node, told.area, detail});
  }
  return alarms;
}

std::vector<NewAlarm> nodes_on_battery(Session& session) {
  std::vector<NewAlarm> alarms;
  for (const auto& told : where(session, "s.supply = 'battery'"))
    alarms.push_back({AlarmKind::on_battery, told.node, told.area,
                      told.supply_mv ? fmt::format("it runs on its battery, at {:.1f} V", static_cast<double>(*told.supply_mv) / 1000)
                                     : std::string("it runs on its battery")});
  return alarms;
}

std::vector<NewAlarm> nodes_over_budget(Session& session) {
  std::vector<NewAlarm> alarms;
  for (const auto& told : where(session, "s.data_budget > 0 and s.data_used > s.data_budget"))
    alarms.push_back({AlarmKind::data_budget, told.node, told.area,
                      fmt::format("{} MiB used this month, of {}: clips are fetched only shortly before they are due, alerts as ever",
                                  mib(told.data_used.value_or(0)), mib(told.data_budget.value_or(0)))});
  return alarms;
}

std::vector<NewAlarm> nodes_in_safe_mode(Session& session) {
  std::vector<NewAlarm> alarms;
  for (const auto& told : where(session, "s.safe_mode is not null"))
    alarms.push_back({AlarmKind::safe_mode, told.node, told.area, "it plays no schedule, only alerts: " + told.safe_mode.value_or("")});
  return alarms;
}

std::vector<NewAlarm> nodes_with_bad_disks(Session& session) {
  std::vector<NewAlarm> alarms;
  for (const auto& told : where(session, "s.disk <> 'ok'")) {
    const auto how = told.disk == "full" ? "is full" : told.disk == "read_only" ? "can only be read" : "fails";
    alarms.push_back({AlarmKind::node_disk, told.node, told.area,
                      fmt::format("its disk {}: it goes on from memory, and a restart loses what is not written", how)});
  }
  return alarms;
}

std::vector<NewAlarm> nodes_missing_records(Session& session, TimePoint now, int limit) {
  std::vector<NewAlarm> alarms;
  for (const auto& log : list_lacking_logs(session, now, limit))
    if (std::none_of(alarms.begin(), alarms.end(), [&](const auto& other) { return other.subject == log.node; }))
      alarms.push_back({AlarmKind::records_missing, log.node, log.area,
                        fmt::format("of log {} nothing came behind record {}, though it goes to {}{}", log.log_id, log.complete_to, log.end,
                                    log.given_up ? "; the board writes another log now" : "")});
  return alarms;
}

}  // namespace loa::store
