#include "controller/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace loa::controller {

namespace {

using protocol::SigningKey;
using scheduler::to_rfc3339;
using store::AlarmKind;
using Alarms = std::vector<store::NewAlarm>;

constexpr const char* kItself = "controller";

Alarms of_itself(AlarmKind kind, bool holds, const std::string& detail) {
  if (!holds) return {};
  return {{kind, kItself, {}, detail}};
}

bool may_replace(const SigningKey& other, const SigningKey& key, scheduler::TimePoint soon) {
  return other.kid != key.kid && !other.revoked && other.branch == key.branch && other.not_after > soon &&
         other.not_before <= key.not_after && std::all_of(key.may_sign.begin(), key.may_sign.end(), [&](auto type) {
           return std::find(other.may_sign.begin(), other.may_sign.end(), type) != other.may_sign.end();
         });
}

Alarms lapsing_keys(const protocol::KeySet& set, scheduler::TimePoint now) {
  Alarms alarms;
  const auto soon = now + kKeyNotice;
  for (const auto& key : set.keys) {
    if (key.revoked || key.not_after > soon) continue;
    const bool followed =
        std::any_of(set.keys.begin(), set.keys.end(), [&](const auto& other) { return may_replace(other, key, soon); });
    if (!followed)
      alarms.push_back({AlarmKind::key_lapses, key.kid, key.branch,
                        fmt::format("the working key {} signs until {}, and no other follows it", key.kid, to_rfc3339(key.not_after))});
  }
  return alarms;
}

Alarms lapsing_certificates(const std::vector<authority::Lifetime>& lifetimes, scheduler::TimePoint now) {
  Alarms alarms;
  for (const auto& one : lifetimes)
    if (one.ends < now + one.notice)
      alarms.push_back({AlarmKind::certificate_lapses, one.name, {}, fmt::format("{} counts until {}", one.name, to_rfc3339(one.ends))});
  return alarms;
}

Alarms unheard_nodes(const std::vector<broadcast::UnheardNode>& nodes) {
  Alarms alarms;
  for (const auto& node : nodes)
    alarms.push_back({AlarmKind::node_unheard, node.id, node.area, fmt::format("last heard at {}", to_rfc3339(node.heard))});
  return alarms;
}

Alarms withheld_nodes(const std::vector<broadcast::WithheldNode>& nodes) {
  Alarms alarms;
  for (const auto& node : nodes)
    alarms.push_back({AlarmKind::withheld, node.id, node.area,
                      fmt::format("it speaks, but does not get {}, since {}", node.lacks, to_rfc3339(node.since))});
  return alarms;
}

Alarms lapsing_nodes(const std::vector<broadcast::LapsingNode>& nodes) {
  Alarms alarms;
  for (const auto& node : nodes)
    alarms.push_back({AlarmKind::node_certificate_lapses, node.id, node.area,
                      fmt::format("its {} counts until {}", node.bundled ? "bundle" : "certificate", to_rfc3339(node.ends))});
  return alarms;
}

// Keys that were made before boards had keys of their own may not sign certificates: everything else goes on, but nobody joins whole.
bool may_certify(const protocol::KeySet& set, scheduler::TimePoint now) {
  return std::any_of(set.keys.begin(), set.keys.end(), [now](const SigningKey& key) {
    return !key.revoked && key.not_before <= now && now <= key.not_after &&
           std::find(key.may_sign.begin(), key.may_sign.end(), protocol::MessageType::certificate) != key.may_sign.end();
  });
}

}  // namespace

Holding conditions_of(const Facts& facts) {
  const auto& broadcasting = facts.broadcasting;
  const auto connection_age = facts.now - broadcasting.since;
  Holding holding;
  if (broadcasting.connected || connection_age >= kBrokerGone)
    holding[AlarmKind::broker_unreachable] =
        of_itself(AlarmKind::broker_unreachable, !broadcasting.connected,
                  fmt::format("no connection to the broker since {}", to_rfc3339(broadcasting.since)));
  holding[AlarmKind::broker_files] = of_itself(AlarmKind::broker_files, !facts.files_trouble.empty(), facts.files_trouble);
  holding[AlarmKind::clock_behind] = of_itself(AlarmKind::clock_behind, broadcasting.clock_behind,
                                               "the clock is behind the newest signed time: nothing is signed");
  const bool cannot_sign = !broadcasting.clock_behind && !broadcasting.trouble.empty();
  holding[AlarmKind::signing] = of_itself(AlarmKind::signing, cannot_sign || !facts.keys_trouble.empty(),
                                          facts.keys_trouble.empty() ? broadcasting.trouble : facts.keys_trouble);
  holding[AlarmKind::events_failed] = of_itself(AlarmKind::events_failed, !facts.events_trouble.empty(), facts.events_trouble);
  holding[AlarmKind::on_hold] = of_itself(AlarmKind::on_hold, broadcasting.on_hold,
                                          "on hold after a restore: nothing is published until an administrator has looked and ended it");
  const auto number = facts.keys.number;
  auto behind = fmt::format("nodes or broker hold key set {}, this controller has {}: bring the newer one with `loa keys import FILE`", broadcasting.key_set_seen, number);
  if (!facts.key_set_refused.empty()) behind += "; the broker's could not be taken: " + facts.key_set_refused;
  holding[AlarmKind::key_set_behind] = of_itself(AlarmKind::key_set_behind, broadcasting.key_set_seen > number, behind);
  holding[AlarmKind::backup_old] = of_itself(AlarmKind::backup_old, !facts.backup_trouble.empty(), facts.backup_trouble);
  holding[AlarmKind::store_damaged] = of_itself(AlarmKind::store_damaged, !facts.store_trouble.empty(), facts.store_trouble);
  holding[AlarmKind::key_lapses] = lapsing_keys(facts.keys, facts.now);
  holding[AlarmKind::node_certificate_lapses] = lapsing_nodes(facts.lapsing);
  holding[AlarmKind::no_certificate_key] = of_itself(AlarmKind::no_certificate_key, !may_certify(facts.keys, facts.now),
                                                     "no working key may sign loa-certificate: boards speak with their bundle's keys until one may");
  holding[AlarmKind::certificate_lapses] = lapsing_certificates(facts.lifetimes, facts.now);
  if (broadcasting.connected && connection_age >= kNodesReturn)
    holding[AlarmKind::node_unheard] = unheard_nodes(facts.unheard);
  holding[AlarmKind::withheld] = withheld_nodes(facts.withheld);
  return holding;
}

}  // namespace loa::controller
