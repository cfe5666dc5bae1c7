#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/plan.hpp"

namespace loa::scheduler {

/// CAP 1.2 `msgType`, those that a node acts on.
enum class AlertMessage { alert, update, cancel };

/// CAP 1.2 `status`, those that a node acts on.
enum class AlertStatus { actual, exercise, test };

/// One emergency in an area (CAP 1.2 semantics), whole in itself.
struct Alert {
  std::string id;              ///< random, never reused
  std::int64_t revision = 0;   ///< rises when the alert itself changes; signing anew keeps it
  AlertMessage message = AlertMessage::alert;
  AlertStatus status = AlertStatus::actual;
  std::vector<std::string> references;  ///< ids of alerts that this one updates or cancels
  std::string area;            ///< where it holds: this area and all below
  TimePoint sent;
  TimePoint expires;
  std::string event;           ///< kind of event, for example "flood"
  std::string title;
  std::string language;
  std::optional<Origin> origin;
  std::string stock_clip;      ///< name of a stock clip that says it in general words
  std::optional<Item> clip;    ///< its own spoken clip, where there is one
  int repeats = 1;             ///< how many times it sounds, 1..100; 0: until it expires
  Millis repeat_every{0};      ///< from one start to the next; never shorter than one sounding
  bool operator==(const Alert&) const = default;
};

/// All active alerts of one area, replaced whole; a cancelled one stays listed until it would have expired.
struct AlertSnapshot {
  std::string area;
  std::int64_t revision = 0;
  TimePoint issued;
  std::vector<Alert> alerts;
  bool operator==(const AlertSnapshot&) const = default;
};

/// The id of one sounding of an alert: alert id + "." + its revision + "." + repeat number from 1.
std::string alert_occurrence_id(const Alert& alert, int repeat);

const char* name_of(AlertMessage message);
const char* name_of(AlertStatus status);

}  // namespace loa::scheduler
