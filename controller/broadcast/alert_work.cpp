#include "controller/broadcast/alert_work.hpp"

#include <algorithm>

#include "controller/store/alerts.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/occurrences.hpp"
#include "protocol/limits.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"
#include "scheduler/playhead.hpp"

namespace loa::broadcast {
namespace {

constexpr auto kExpectAhead = std::chrono::hours(1);
constexpr auto kExpectBack = std::chrono::hours(1);

std::vector<std::string> also_to_sign(store::Session& session, const scheduler::AlertSnapshot& snapshot) {
  std::vector<std::string> areas;
  for (const auto& alert : snapshot.alerts)
    for (const auto& reference : alert.references) {
      const auto other = store::find_alert(session, reference);
      if (!other || !other->cancelled || other->alert.area == snapshot.area) continue;
      const auto last = store::find_snapshot_revision(session, other->alert.area);
      if (!last || last->issued < *other->cancelled) areas.push_back(other->alert.area);
    }
  return areas;
}

// The number of the first repeat that is due at `time` or after it.
std::int64_t first_repeat_from(const scheduler::Alert& alert, TimePoint time) {
  if (time <= alert.sent) return 1;
  const auto spacing = scheduler::spacing_of(alert);
  return (time - alert.sent + spacing - Millis{1}) / spacing + 1;
}

}  // namespace

void expect_soundings(store::Transaction& transaction, Expectations& expectations, TimePoint now) {
  auto& session = transaction.session();
  Expectations known;
  std::vector<store::Expected> soundings;
  for (const auto& alert : store::list_alerts_in_force(session, now)) {
    const auto held = expectations.find(alert.id);
    const auto from = held == expectations.end() ? std::max(alert.sent, now - kExpectBack) : held->second;
    const auto until = std::min(alert.expires, now + kExpectAhead);
    known[alert.id] = std::max(from, until);
    if (from >= until) continue;
    const auto spacing = scheduler::spacing_of(alert);
    const auto stock = store::stock_clips_under(session, store::chain(session, alert.area));
    const auto duration = store::longest_sounding(alert, stock);
    const auto nodes = store::list_nodes(session, {alert.area});
    for (auto repeat = first_repeat_from(alert, from); alert.repeats == 0 || repeat <= alert.repeats; ++repeat) {
      const auto due = alert.sent + (repeat - 1) * spacing;
      if (due >= until) break;
      for (const auto& node : nodes)
        soundings.push_back({scheduler::alert_occurrence_id(alert, static_cast<int>(repeat)), node.id, {}, alert.id, {}, alert.title,
                             scheduler::Class::emergency, due, duration, 0, {}});
    }
  }
  store::expect(transaction, soundings);
  expectations = std::move(known);
}

protocol::Result<SignedSnapshot> sign_alerts(store::Transaction& transaction, const std::string& area, Signer& signer,
                                             const protocol::Formats& formats, std::int64_t seen) {
  auto& session = transaction.session();
  const auto now = signer.time();
  if (!now) return now.error();
  const auto last = store::find_snapshot_revision(session, area);
  scheduler::AlertSnapshot snapshot;
  snapshot.area = area;
  snapshot.revision = protocol::next_revision(std::max(last ? last->revision : 0, seen), *now);
  snapshot.issued = *now;
  snapshot.alerts = store::alerts_of_area(session, area, *now);
  // The newest fit: a cancelled one that falls out is gone for every node, because a snapshot replaces the one before.
  if (snapshot.alerts.size() > protocol::kMaxAlerts)
    snapshot.alerts.erase(snapshot.alerts.begin(), snapshot.alerts.end() - protocol::kMaxAlerts);

  SignedSnapshot made{area, snapshot.revision, {}, also_to_sign(session, snapshot)};
  const auto areas = store::chain(session, area);
  for (const int format : formats.numbers()) {
    auto packet = signer.sign(protocol::MessageType::alert, areas, formats.writer(format).alert(snapshot), *now);
    if (!packet) return packet.error();
    made.packets.push_back({protocol::alert_topic(area, format), snapshot.revision, std::move(*packet)});
    store::put_retained(transaction, made.packets.back());
  }
  store::put_snapshot_revision(transaction, {area, snapshot.revision, *now});
  for (const auto& alert : snapshot.alerts)
    if (alert.message == scheduler::AlertMessage::cancel) store::withdraw_alert(transaction, alert.id);
  store::raise_mark(transaction, "newest_signed", scheduler::to_ms(signer.newest()));
  return made;
}

}  // namespace loa::broadcast
