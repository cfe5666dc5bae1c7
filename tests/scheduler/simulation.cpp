#include "simulation.hpp"

#include <algorithm>
#include <sstream>

namespace loa::tests {
namespace {

std::string seconds(TimePoint time) {
  std::ostringstream out;
  out << static_cast<double>((time - kStart).count()) / 1000;
  return out.str();
}

// The same piece of sound going on without a gap or a jump.
bool goes_on(const Sounding& a, const Sounding& b) {
  return a.occurrence_id == b.occurrence_id && a.item_index == b.item_index && a.item == b.item && a.started == b.started && a.volume == b.volume;
}

}  // namespace

Item clip(const std::string& name, double s) {
  return {.kind = ItemKind::clip, .duration = Millis{static_cast<std::int64_t>(s * 1000)}, .sha256 = name, .bytes = 1};
}

Occurrence occurrence(const std::string& id, double due, std::vector<Item> items, Class cls) {
  Occurrence o;
  o.id = id;
  o.broadcast_id = id;
  o.cls = cls;
  o.due = at_second(due);
  for (const Item& item : items) o.duration += item.duration;
  o.items = std::move(items);
  return o;
}

Alert alert(const std::string& id, double sent, double s, std::optional<Item> own) {
  Alert a;
  a.id = id;
  a.revision = 1;
  a.area = "hue";
  a.sent = at_second(sent);
  a.expires = at_second(sent + s);
  a.event = "flood";
  a.stock_clip = "flood";
  a.clip = std::move(own);
  return a;
}

void plan_of(Simulation& scene, std::vector<Occurrence> occurrences) {
  std::sort(occurrences.begin(), occurrences.end(),
            [](const Occurrence& a, const Occurrence& b) { return a.due != b.due ? a.due < b.due : a.id < b.id; });
  scene.plan->occurrences = std::move(occurrences);
}

void with_stock(Simulation& scene) {
  scene.plan->settings.stock = {{"tone", "tone", 1, Millis{2000}}, {"flood", "flood", 1, Millis{10000}},
                               {"exercise", "exercise", 1, Millis{3000}}, {"test", "test", 1, Millis{4000}}};
  for (const char* name : {"exercise", "test"}) scene.history.playable[name] = true;
  scene.history.playable["tone"] = true;
  scene.history.playable["flood"] = true;
}

void Simulation::record(const std::vector<Ended>& list) {
  for (const Ended& e : list) {
    const auto same = [&](const Ended& other) { return other.occurrence_id == e.occurrence_id; };
    if (std::any_of(ended.begin(), ended.end(), same)) faults.push_back("second outcome of " + e.occurrence_id);
    ended.push_back(e);
  }
}

void Simulation::take_plan(Plan next) {
  look();
  auto [taken, dropped] = succeed(plan ? &*plan : nullptr, std::move(next), history, now);
  record(dropped);
  for (const Ended& e : dropped) note(history, e);
  plan = std::move(taken);
}

void Simulation::close(TimePoint time) {
  if (!heard.empty() && heard.back().until > time && heard.back().from <= time) heard.back().until = time;
}

void Simulation::look() {
  ++looks;
  const Plan* held = plan ? &*plan : nullptr;
  const Decision d = at(held, alerts, history, now, shipped);
  if (inspect) inspect(*this, d);
  close(now);
  record(d.ended);
  if (d.sounding) {
    if (const auto* known = history.find(d.sounding->occurrence_id); known && known->outcome)
      faults.push_back(d.sounding->occurrence_id + " sounds after its outcome");
    if (!heard.empty() && heard.back().until == now && goes_on(heard.back().what, *d.sounding)) heard.back().until = d.sounding->until;
    else heard.push_back({now, d.sounding->until, *d.sounding});
  }
  if (d.wake && *d.wake <= now) faults.push_back("wake is not after now");
  apply(history, d, now);
  const Decision again = at(held, alerts, history, now, shipped);
  if (!again.ended.empty()) faults.push_back("asking again ended " + again.ended.front().occurrence_id);
  if (again.sounding.has_value() != d.sounding.has_value() || (d.sounding && !goes_on(*again.sounding, *d.sounding)))
    faults.push_back("asking again changed what sounds");
}

void Simulation::run(double until_second) {
  const TimePoint end = at_second(until_second);
  while (true) {
    for (auto event = events_.begin(); event != events_.end() && event->first <= now; event = events_.erase(event)) event->second(*this);
    look();
    const Decision d = at(plan ? &*plan : nullptr, alerts, history, now, shipped);
    if (d.sounding && (!d.wake || *d.wake > d.sounding->until)) faults.push_back("sleeps past the end of what sounds");
    promised = d.next;
    TimePoint next = end;
    if (d.wake) next = std::min(next, *d.wake);
    if (!events_.empty()) next = std::min(next, events_.begin()->first);
    if (next <= now || looks > 200000) break;
    now = next;
  }
  close(end);
}

std::string Simulation::story() const {
  std::string text;
  for (const Heard& h : heard) {
    if (h.until <= h.from) continue;
    if (!text.empty()) text += "; ";
    const std::string name = h.what.item.kind == ItemKind::clip ? h.what.item.sha256 : name_of(h.what.item.kind);
    text += seconds(h.from) + "-" + seconds(h.until) + " " + h.what.occurrence_id + ":" + name;
    if (h.what.item_offset != Millis{0}) text += "+" + seconds(kStart + h.what.item_offset);
  }
  text += text.empty() ? "|" : " |";
  auto sorted = ended;
  std::sort(sorted.begin(), sorted.end(), [](const Ended& a, const Ended& b) { return a.occurrence_id < b.occurrence_id; });
  for (const Ended& e : sorted) {
    text += " " + e.occurrence_id + " " + name_of(e.outcome) + (e.reason.empty() ? "" : ":" + e.reason) + (e.by.empty() ? "" : "(" + e.by + ")");
  }
  for (const std::string& fault : faults) text += " FAULT " + fault;
  return text;
}

}  // namespace loa::tests
