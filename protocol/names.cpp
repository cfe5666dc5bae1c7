#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

const char* name_of(RefusalCode code) {
  switch (code) {
    case RefusalCode::malformed: return "malformed";
    case RefusalCode::too_large: return "too_large";
    case RefusalCode::format_unknown: return "format_unknown";
    case RefusalCode::wrong_type: return "wrong_type";
    case RefusalCode::unknown_key: return "unknown_key";
    case RefusalCode::revoked_key: return "revoked_key";
    case RefusalCode::key_not_allowed: return "key_not_allowed";
    case RefusalCode::key_dates: return "key_dates";
    case RefusalCode::bad_signature: return "bad_signature";
    case RefusalCode::wrong_audience: return "wrong_audience";
    case RefusalCode::old_revision: return "old_revision";
    case RefusalCode::stale: return "stale";
    case RefusalCode::expired: return "expired";
    case RefusalCode::wrong_area: return "wrong_area";
    case RefusalCode::replayed: return "replayed";
    case RefusalCode::withheld: return "withheld";
    case RefusalCode::busy: return "busy";
    case RefusalCode::muted: return "muted";
    case RefusalCode::unsupported: return "unsupported";
  }
  return "";
}

const char* name_of(MessageType type) {
  switch (type) {
    case MessageType::keys: return "loa-keys";
    case MessageType::head: return "loa-head";
    case MessageType::plan: return "loa-plan";
    case MessageType::alert: return "loa-alert";
    case MessageType::order: return "loa-order";
    case MessageType::log_ack: return "loa-log-ack";
    case MessageType::state: return "loa-state";
    case MessageType::receipt: return "loa-receipt";
    case MessageType::log: return "loa-log";
    case MessageType::controller_state: return "loa-controller-state";
    case MessageType::bulletin: return "loa-bulletin";
    case MessageType::certificate_request: return "loa-certificate-request";
    case MessageType::certificate: return "loa-certificate";
  }
  return "";
}

const char* name_of(OrderKind kind) {
  switch (kind) {
    case OrderKind::self_test: return "self_test";
    case OrderKind::stop: return "stop";
    case OrderKind::report: return "report";
    case OrderKind::restart: return "restart";
  }
  return "";
}

const char* name_of(DiskHealth health) {
  switch (health) {
    case DiskHealth::ok: return "ok";
    case DiskHealth::full: return "full";
    case DiskHealth::read_only: return "read_only";
    case DiskHealth::failing: return "failing";
  }
  return "";
}

const char* name_of(Supply supply) {
  switch (supply) {
    case Supply::mains: return "mains";
    case Supply::dc: return "dc";
    case Supply::battery: return "battery";
  }
  return "";
}

const char* name_of(Amplifier amplifier) {
  switch (amplifier) {
    case Amplifier::off: return "off";
    case Amplifier::on: return "on";
    case Amplifier::fault: return "fault";
  }
  return "";
}

const char* name_of(Lifecycle lifecycle) {
  switch (lifecycle) {
    case Lifecycle::starting: return "starting";
    case Lifecycle::connecting: return "connecting";
    case Lifecycle::fetching: return "fetching";
    case Lifecycle::ready: return "ready";
    case Lifecycle::playing: return "playing";
    case Lifecycle::alerting: return "alerting";
    case Lifecycle::expired: return "expired";
    case Lifecycle::stopping: return "stopping";
    case Lifecycle::gone: return "gone";
  }
  return "";
}

}  // namespace loa::protocol
