#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "controller/broadcast/alert_work.hpp"
#include "controller/broadcast/broadcaster.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/limits.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"

// Lambdas are named before they are awaited on: g++ 12 destroys a temporary one twice (gcc bug 107288).
// Which areas' alerts are signed, and signing them.
namespace loa::broadcast {

// Whether an area's snapshot is there in each format, signed by a key that is listed and not revoked.
bool Broadcaster::counts_still(const std::string& area) const {
  for (const int format : x_formats.numbers()) {
    const auto* packet = x_retained.find(protocol::alert_topic(area, format));
    if (!packet) return false;
    const auto envelope = protocol::open(*packet, protocol::MessageType::alert);
    if (!envelope) return false;
    const auto& keys = x_keys->key_set.keys;
    if (std::none_of(keys.begin(), keys.end(),
                     [&](const auto& key) { return key.kid == envelope->kid && !key.revoked; }))
      return false;
  }
  return true;
}

void Broadcaster::alert_changed(const std::string& area) {
  x_areas_to_sign.add(area);
  work();
}

// By what was signed and not by times: a confirmation carries the time at which it was asked for, and a clock may be set back. One format says it for
// all, which are signed together.
bool Broadcaster::holds(const std::string& area, const std::vector<store::AlertToHold>& alerts) const {
  const auto* packet = x_retained.find(protocol::alert_topic(area));
  const auto envelope = packet ? std::optional(protocol::open(*packet, protocol::MessageType::alert)) : std::nullopt;
  if (!envelope || !*envelope) return false;
  const auto snapshot = protocol::decode_alert((*envelope)->payload, area);
  if (!snapshot) return false;
  auto fitting = alerts;
  if (const auto unwritable = x_left_out.find(area); unwritable != x_left_out.end())
    std::erase_if(fitting, [&](const auto& alert) {
      return std::any_of(unwritable->second.begin(), unwritable->second.end(),
                         [&](const auto& one) { return one.id == alert.id && one.revision == alert.revision; });
    });
  keep_what_fits(fitting);
  return std::all_of(fitting.begin(), fitting.end(), [&](const auto& wanted) {
    return std::any_of(snapshot->alerts.begin(), snapshot->alerts.end(),
                       [&](const auto& held) { return held.id == wanted.id && held.revision == wanted.revision; });
  });
}

void Broadcaster::sign_unheld(const std::vector<store::AlertToHold>& alerts) {
  std::map<std::string, std::vector<store::AlertToHold>> by_area;
  for (const auto& alert : alerts) by_area[alert.area].push_back(alert);
  for (const auto& [area, wanted] : by_area)
    if (!holds(area, wanted)) x_areas_to_sign.add_unless_failed(area);
}

boost::asio::awaitable<void> Broadcaster::look_at_store() {
  x_look_at_store = false;
  auto look = [now = x_clock.now()](store::Session& session) {
    return std::pair(store::list_alerts_to_hold(session, now), store::find_recovery_hold(session).has_value());
  };
  const auto [alerts, on_hold] = co_await x_store.run(std::move(look));
  if (!x_on_hold) sign_unheld(alerts);
  if (x_on_hold && !x_resumes && !on_hold) resume();
}

boost::asio::awaitable<void> Broadcaster::expect_alerts() {
  auto expect = [held = x_expectations, now = x_clock.now()](store::Transaction& transaction) {
    auto known = held;
    const bool more = expect_soundings(transaction, known, now);
    return std::pair(std::move(known), more);
  };
  x_expect_alerts = false;  // before: what is signed meanwhile sets it again
  try {
    auto [known, more] = co_await write(std::move(expect));
    x_expectations = std::move(known);
    x_expect_alerts = x_expect_alerts || more;
  } catch (...) {
    x_expect_alerts = true;
    throw;
  }
}

std::int64_t Broadcaster::seen_alerts(const std::string& area) const {
  std::int64_t seen = 0;
  if (const auto found = x_findings.alerts().find(area); found != x_findings.alerts().end()) seen = found->second.revision;
  const auto own = x_roster.alert_revision(area);
  for (const auto& [id, known] : x_roster.nodes) {
    if (!known.state) continue;
    for (const auto& held : known.state->areas)
      if (held.area == area) seen = std::max(seen, protocol::take_reported(own, held.alert_revision, x_clock.now()).last);
  }
  return seen;
}

void Broadcaster::note_left_out(const std::string& area, std::vector<LeftOut> left_out) {
  for (const auto& one : left_out)
    spdlog::error("broadcast: the alert {} of {} goes to no node, because none could read it: {}", one.id, area, one.why);
  x_left_out.erase(area);
  if (!left_out.empty()) x_left_out.emplace(area, std::move(left_out));
}

std::vector<std::string> Broadcaster::left_out() const {
  std::vector<std::string> sentences;
  for (const auto& [area, alerts] : x_left_out)
    for (const auto& one : alerts)
      sentences.push_back(fmt::format("the alert {} of {} goes to no node, because none could read it: {}", one.id, area, one.why));
  return sentences;
}

// A failure that is of the store, or of the clock, is none of this area: everything waits for it. Any other keeps only this area waiting.
boost::asio::awaitable<void> Broadcaster::sign_area(std::string area) {
  std::optional<protocol::Result<SignedSnapshot>> made;
  try {
    auto sign = [this, area, seen = seen_alerts(area)](store::Transaction& transaction) {
      return sign_alerts(transaction, area, x_signer, x_formats, seen);
    };
    made = co_await write(std::move(sign), store::Lane::urgent);
  } catch (const store::StoreBusy&) {
    x_areas_to_sign.add(area);
    throw;
  } catch (const std::exception& error) {
    if (!x_store.trouble().empty()) {
      x_areas_to_sign.add(area);
      throw;
    }
    made = protocol::Refusal{protocol::RefusalCode::unsupported, "/alert", error.what()};
  }
  if (!*made && made->error().code == protocol::RefusalCode::stale) {
    x_areas_to_sign.add(area);
    put_off(made->error());
    x_sign_again_at = x_clock.now() + kRetryAfter;
    co_return;
  }
  if (!*made) {
    const auto& why = made->error().message;
    if (x_areas_to_sign.failed(area, why, x_clock.now())) spdlog::error("broadcast: the alerts of {} are not signed: {}", area, why);
    co_return;
  }
  x_areas_to_sign.signed_now(area);
  x_expect_alerts = true;
  note_left_out(area, std::move((*made)->left_out));
  x_trouble.clear();
  x_roster.alert_revisions[area] = (*made)->revision;
  for (const auto& other : (*made)->also) x_areas_to_sign.add(other);
  for (auto& packet : (*made)->packets) x_retained.set(Priority::alert, packet.topic, std::move(packet.packet));
  x_heads.send_below(area);
}

}  // namespace loa::broadcast
