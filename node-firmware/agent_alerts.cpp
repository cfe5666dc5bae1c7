#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "node-firmware/agent.hpp"
#include "protocol/codec.hpp"
#include "protocol/topics.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using protocol::MessageType;
using protocol::RefusalCode;

namespace {

constexpr auto kRetainedWaits = 5s;

}  // namespace

void Agent::take_alert(const protocol::LinkMessage& message) {
  const auto area = protocol::parse_topic(message.topic)->id;
  About about{MessageType::alert, area, 0, ""};
  const auto verified = ring_.verify(message.payload, MessageType::alert, chain());
  if (!verified) return refuse(message, about, verified.error());
  about.kid = verified->kid;
  auto snapshot = protocol::decode_alert(verified->payload, area);
  if (!snapshot) return refuse(message, about, snapshot.error());
  about.revision = snapshot->revision;
  const auto& marks = parts_.store.marks();
  const auto highest = std::max(marks.alert_highest(area), board_.revision(area));
  const bool newest = snapshot->issued >= marks.newest_signed();
  const auto verdict = board_.judge(*snapshot, message.retained, knows_wishes(), highest);
  PostedSnapshot posted{std::move(*snapshot), message.payload, verified->kid, newest};
  switch (verdict) {
    case AlertBoard::Verdict::same: return;
    case AlertBoard::Verdict::old:
      return refuse(message, about, {RefusalCode::old_revision, "/rev",
                                     fmt::format("alerts {} of {} are below {}", about.revision, area, highest)});
    case AlertBoard::Verdict::wait:
      return board_.put_aside(std::move(posted), parts_.clock.monotonic() + kRetainedWaits);
    case AlertBoard::Verdict::take: return post_alert(std::move(posted));
  }
}

// Whether what was wanted while the node was away is here: a mute must come before an alert that waited with it.
bool Agent::knows_wishes() const { return head_this_session_ && plan_held_ >= parts_.store.marks().plan_highest(); }

// An alert sounds before it is written: on a slow or broken disk the writes would hold it up, or keep it from sounding at all. Who is killed in
// between hears of it again from the broker.
void Agent::post_alert(PostedSnapshot posted) {
  const auto& snapshot = posted.snapshot;
  parts_.clock.raise_floor(snapshot.issued);
  spdlog::info("alerts {} of {}: {}", snapshot.revision, snapshot.area, snapshot.alerts.size());
  const auto highest = std::max(parts_.store.marks().alert_highest(snapshot.area), snapshot.revision);
  awaited_.named(snapshot.area, highest, snapshot.revision, parts_.clock.monotonic());
  unkept_[snapshot.area] = {snapshot.revision, snapshot.issued, posted.jws, posted.kid};
  board_.post(std::move(posted));
  wants_changed_ = true;
  parts_.conductor.set_alerts(board_.alerts(parts_.clock.trusted()));
  parts_.conductor.run();
  keep_alerts();
}

// What has come of alerts, once it holds up no sound; what is no more on the board was dropped meanwhile.
void Agent::keep_alerts() {
  if (unkept_.empty() || parts_.conductor.hurries()) return;
  for (const auto& [area, alerts] : std::exchange(unkept_, {})) {
    if (board_.revision(area) != alerts.revision) continue;
    auto marks = parts_.store.marks();
    auto& of_key = marks.by_key[alerts.kid];
    auto& highest = of_key.alert_highest[area];
    highest = std::max(highest, alerts.revision);
    of_key.newest_signed = std::max(of_key.newest_signed, alerts.issued);
    parts_.store.keep(marks);
    parts_.store.keep_alert(area, alerts.jws);
    reporter_.accepted({MessageType::alert, area, alerts.revision, alerts.kid});
  }
}

}  // namespace loa::node
