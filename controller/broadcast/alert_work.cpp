#include "controller/broadcast/alert_work.hpp"

#include <algorithm>
#include <stdexcept>

#include "controller/store/alerts.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/occurrences.hpp"
#include "protocol/revision.hpp"
#include "protocol/topics.hpp"
#include "scheduler/playhead.hpp"

namespace loa::broadcast {
namespace {

constexpr auto kExpectAhead = std::chrono::minutes(10);
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

// Takes out the alerts that a writer refuses; each is tried by itself.
std::vector<LeftOut> leave_out_unwritable(scheduler::AlertSnapshot& snapshot, const protocol::Formats& formats) {
  std::vector<LeftOut> left_out;
  std::erase_if(snapshot.alerts, [&](const auto& alert) {
    auto alone = snapshot;
    alone.alerts = {alert};
    try {
      for (const int format : formats.numbers()) formats.writer(format).alert(alone);
      return false;
    } catch (const std::invalid_argument& error) {
      left_out.push_back({alert.id, alert.revision, error.what()});
      return true;
    }
  });
  return left_out;
}

}  // namespace

bool expect_soundings(store::Transaction& transaction, Expectations& expectations, TimePoint now) {
  auto& session = transaction.session();
  Expectations known;
  std::int64_t rows = 0;
  bool more = false;
  for (const auto& alert : store::list_alerts_in_force(session, now - kExpectBack)) {  // one that has just expired may lack its last
    const auto held = expectations.find({alert.id, alert.revision});
    if (held == expectations.end()) store::withdraw_alert(transaction, alert.id);
    const auto from = held == expectations.end() ? std::max(alert.sent, now - kExpectBack) : held->second;
    const auto until = std::min(alert.expires, now + kExpectAhead);
    auto& done = known[{alert.id, alert.revision}];
    done = std::max(from, until);
    if (from >= until) continue;
    const auto spacing = scheduler::spacing_of(alert);
    store::Expected sounding{{}, {}, {}, alert.id, {}, alert.title, scheduler::Class::emergency, {}, store::longest_sounding(session, alert), 0, {}};
    for (auto repeat = first_repeat_from(alert, from); alert.repeats == 0 || repeat <= alert.repeats; ++repeat) {
      sounding.due = alert.sent + (repeat - 1) * spacing;
      if (sounding.due >= until) break;
      if (rows >= kExpectedAtOnce) {
        more = true;
        done = sounding.due;
        break;
      }
      sounding.id = scheduler::alert_occurrence_id(alert, static_cast<int>(repeat));
      rows += store::expect_below(transaction, alert.area, sounding);
    }
  }
  expectations = std::move(known);
  return more;
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
  for (const auto& alert : snapshot.alerts)
    if (alert.message == scheduler::AlertMessage::cancel) store::withdraw_alert(transaction, alert.id);
  auto left_out = leave_out_unwritable(snapshot, formats);
  keep_what_fits(snapshot.alerts);

  SignedSnapshot made{area, snapshot.revision, {}, also_to_sign(session, snapshot), std::move(left_out)};
  const auto areas = store::chain(session, area);
  for (const int format : formats.numbers()) {
    auto packet = signer.sign(protocol::MessageType::alert, areas, formats.writer(format).alert(snapshot), *now);
    if (!packet) return packet.error();
    made.packets.push_back({protocol::alert_topic(area, format), snapshot.revision, std::move(*packet)});
    store::put_retained(transaction, made.packets.back());
  }
  store::put_snapshot_revision(transaction, {area, snapshot.revision, *now});
  store::raise_mark(transaction, "newest_signed", scheduler::to_ms(signer.newest()));
  return made;
}

}  // namespace loa::broadcast
