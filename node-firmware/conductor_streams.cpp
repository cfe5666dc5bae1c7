#include <algorithm>
#include <utility>

#include "node-firmware/conductor.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using scheduler::ItemKind;
using scheduler::Sounding;
using scheduler::TimePoint;

namespace {

/// So long before it is due a stream is listened to, so that whether it sounds is known by then.
constexpr auto kListenAhead = 30s;
/// So long after its end, so that the record of one that never came says why.
constexpr auto kListenAfter = 5s;

}  // namespace

/// Which streams are listened to now, and which of them would sound.
void Conductor::refresh_streams(TimePoint now) {
  next_stream_.reset();
  std::erase_if(kept_until_, [now](const auto& place) { return place.second <= now; });
  auto& playable = parts_.history.history().playable;
  std::vector<StreamAddress> wanted;
  const auto* held = plan();
  const bool may_sound = held && parts_.clock.trusted() && now < held->until && !held->settings.mute;
  if (may_sound)
    for (const auto& occurrence : held->occurrences) {
      const auto* known = parts_.history.history().find(occurrence.id);
      if (known && known->outcome) continue;
      const bool over = now >= occurrence.end() + kListenAfter && !(known && known->open());
      if (over) continue;
      const auto listens = occurrence.due - kListenAhead;
      for (const auto* list : {&occurrence.items, &occurrence.substitutes})
        for (const auto& item : *list) {
          if (item.kind != ItemKind::stream) continue;
          if (listens > now) next_stream_ = std::min(next_stream_.value_or(listens), listens);
          const StreamAddress address{item.url, item.plain_http_allowed};
          if (listens <= now && std::find(wanted.begin(), wanted.end(), address) == wanted.end()) wanted.push_back(address);
        }
    }
  if (parts_.streams) parts_.streams->want(wanted, parts_.clock.monotonic_at(TimePoint{}));
  if (!held) return;
  for (const auto& occurrence : held->occurrences)
    for (const auto* list : {&occurrence.items, &occurrence.substitutes})
      for (const auto& item : *list)
        if (item.kind == ItemKind::stream) playable[item.url] = is_playable_stream(item.url, wanted) || keeps_place(item.url, now);
}

bool Conductor::is_playable_stream(const std::string& url, const std::vector<StreamAddress>& wanted) const {
  if (!parts_.streams || broken_.contains(url)) return false;
  const bool listened = std::any_of(wanted.begin(), wanted.end(), [&url](const auto& one) { return one.url == url; });
  return !listened || (parts_.streams->feed(url) && parts_.streams->playable(url));
}

/// Once a place is kept, it is to its end: otherwise its substitutes would begin anew each time that the stream is looked at.
bool Conductor::keeps_place(const std::string& url, TimePoint now) const {
  const auto kept = kept_until_.find(url);
  return kept != kept_until_.end() && now < kept->second && !broken_.contains(url);
}

/// What sounds so far is to be left: where it is a stream that is not playable any more, its record is to say why.
void Conductor::note_lost_stream(const Sounding& what) {
  if (what.item.kind != ItemKind::stream || !parts_.streams) return;
  if (const auto reason = parts_.streams->reason(what.item.url); !reason.empty()) faults_[what.occurrence_id] = reason;
}

/// Where an occurrence would end because its stream is lost and nothing is left to stand in, its place is kept as long as it lasts: the stream may
/// come back. True: ask the playhead again.
bool Conductor::keep_places(const scheduler::Decision& decision, TimePoint now) {
  bool kept = false;
  for (const auto& ended : decision.ended) {
    const auto* known = parts_.history.history().find(ended.occurrence_id);
    const auto* occurrence = planned(ended.occurrence_id);
    if (!parts_.streams || !occurrence || !known || !known->sounding() || ended.outcome != scheduler::Outcome::partial) continue;
    auto end = *known->anchor;
    for (const auto& item : occurrence->items) {
      const auto begin = std::exchange(end, end + item.duration);
      if (now < begin || now >= end || item.kind != ItemKind::stream || !parts_.streams->feed(item.url)) continue;
      parts_.history.history().playable[item.url] = kept = true;
      kept_until_[item.url] = end;
      faults_[ended.occurrence_id] = lost_reason(item.url);
    }
  }
  return kept;
}

const scheduler::Occurrence* Conductor::planned(const std::string& occurrence_id) const {
  if (!plan_) return nullptr;
  const auto& all = plan_->occurrences;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == occurrence_id; });
  return found == all.end() ? nullptr : &*found;
}

std::string Conductor::lost_reason(const std::string& url) const {
  if (!parts_.streams) return "unsupported";
  const auto reason = parts_.streams->reason(url);
  return reason.empty() ? "stream_lost" : reason;
}

}  // namespace loa::node
