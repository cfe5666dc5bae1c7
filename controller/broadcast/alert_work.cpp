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

namespace loa::broadcast {
namespace {

Millis stock_duration(const std::vector<scheduler::StockClip>& stock, const std::string& name) {
  for (const auto& clip : stock)
    if (clip.name == name) return clip.duration;
  return Millis{0};
}

// As the playhead counts: the tone, then the alert's own clip or the stock clip.
Millis sounding_of(const scheduler::Alert& alert, const std::vector<scheduler::StockClip>& stock) {
  return stock_duration(stock, "tone") + (alert.clip ? alert.clip->duration : stock_duration(stock, alert.stock_clip));
}

void expect_soundings(store::Transaction& transaction, const scheduler::Alert& alert) {
  if (alert.message == scheduler::AlertMessage::cancel) return store::withdraw_alert(transaction, alert.id);
  auto& session = transaction.session();
  const auto duration = sounding_of(alert, store::list_stock_clips(session));
  const auto spacing = std::max(alert.repeat_every, Millis{1000});
  std::vector<store::Expected> soundings;
  for (const auto& node : store::list_nodes(session, {alert.area}))
    for (int repeat = 1; repeat <= alert.repeats; ++repeat) {
      const auto due = alert.sent + (repeat - 1) * spacing;
      if (due >= alert.expires) break;
      soundings.push_back({scheduler::alert_occurrence_id(alert, repeat), node.id, {}, alert.id, {}, alert.title,
                           scheduler::Class::emergency, due, duration, 0, {}});
    }
  store::expect(transaction, soundings);
}

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

}  // namespace

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
  for (const auto& alert : snapshot.alerts) expect_soundings(transaction, alert);
  store::raise_mark(transaction, "newest_signed", scheduler::to_ms(signer.newest()));
  return made;
}

}  // namespace loa::broadcast
