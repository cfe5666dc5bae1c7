#include "scheduler/alert.hpp"
#include "scheduler/record.hpp"

namespace loa::scheduler {

const char* name_of(Class cls) {
  switch (cls) {
    case Class::normal: return "normal";
    case Class::priority: return "priority";
    case Class::emergency: return "emergency";
  }
  return "";
}

const char* name_of(ItemKind kind) {
  switch (kind) {
    case ItemKind::clip: return "clip";
    case ItemKind::stream: return "stream";
    case ItemKind::pause: return "pause";
  }
  return "";
}

const char* name_of(AfterInterrupt rule) {
  switch (rule) {
    case AfterInterrupt::resume: return "resume";
    case AfterInterrupt::join: return "join";
    case AfterInterrupt::restart: return "restart";
    case AfterInterrupt::drop: return "drop";
  }
  return "";
}

const char* name_of(LateRule rule) { return rule == LateRule::join ? "join" : "skip"; }

const char* name_of(AlertMessage message) {
  switch (message) {
    case AlertMessage::alert: return "alert";
    case AlertMessage::update: return "update";
    case AlertMessage::cancel: return "cancel";
  }
  return "";
}

const char* name_of(AlertStatus status) {
  switch (status) {
    case AlertStatus::actual: return "actual";
    case AlertStatus::exercise: return "exercise";
    case AlertStatus::test: return "test";
  }
  return "";
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::played: return "played";
    case Outcome::partial: return "partial";
    case Outcome::failed: return "failed";
    case Outcome::skipped: return "skipped";
    case Outcome::cancelled: return "cancelled";
  }
  return "";
}

const char* name_of(LevelKind kind) { return kind == LevelKind::digital ? "digital" : "measured"; }

const char* name_of(ClockQuality quality) {
  switch (quality) {
    case ClockQuality::synced: return "synced";
    case ClockQuality::rtc: return "rtc";
    case ClockQuality::held: return "held";
    case ClockQuality::head: return "head";
    case ClockQuality::untrusted: return "untrusted";
  }
  return "";
}

}  // namespace loa::scheduler
