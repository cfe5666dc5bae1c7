#pragma once
#include <map>
#include <string>
#include <vector>

#include "controller/authority/lifetimes.hpp"
#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/alarms.hpp"
#include "protocol/messages.hpp"

namespace loa::controller {

/// What the controller knows of itself at one moment.
struct Facts {
  scheduler::TimePoint now;
  broadcast::BroadcastHealth broadcasting;
  std::vector<broadcast::UnheardNode> unheard;  ///< for longer than kNodeUnheard
  std::vector<broadcast::WithheldNode> withheld;  ///< for longer than kWithheld
  std::vector<broadcast::LapsingNode> lapsing;  ///< within kNodeCertificateNotice
  std::string files_trouble;                    ///< BrokerKeeper::trouble
  std::string events_trouble;                   ///< EventFailures::trouble
  std::vector<authority::Lifetime> lifetimes;
  protocol::KeySet keys;
  std::string keys_trouble = {};                ///< KeyKeeper::trouble
  std::string key_set_refused = {};             ///< why a higher key set that was seen could not be taken
  std::string backup_trouble = {};              ///< trouble_of_backups
  std::string store_trouble = {};               ///< what is wrong with the database itself
};

/// A node that has said nothing for this long is an alarm: a night without power is none.
inline constexpr std::chrono::hours kNodeUnheard{12};
/// What was published reaches a node that is there in seconds, also on a slow line; the controller has said it again by then.
inline constexpr std::chrono::minutes kWithheld{5};
/// A board renews its certificate each year of its five: with less than this left it has failed to for years, or its bundle lay in a store.
inline constexpr std::chrono::hours kNodeCertificateNotice{180 * 24};
/// The broker may be started anew without one.
inline constexpr std::chrono::minutes kBrokerGone{2};
/// After a connect nodes have this long to be heard before their silence counts.
inline constexpr std::chrono::minutes kNodesReturn{10};
/// A working key without a successor is an alarm this long before it may sign no more.
inline constexpr std::chrono::hours kKeyNotice{60 * 24};

/// The alarms that hold, by kind; a kind about which nothing can be said now is not there, and its alarms stay as they are.
using Holding = std::map<store::AlarmKind, std::vector<store::NewAlarm>>;
Holding conditions_of(const Facts& facts);

}  // namespace loa::controller
