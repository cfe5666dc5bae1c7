#include "node-firmware/lifecycle.hpp"

#include <spdlog/spdlog.h>

#include <cassert>

namespace loa::node {

namespace {

constexpr int kStates = 9;

struct Row {
  Event event;
  std::array<std::optional<Lifecycle>, kStates> next;  // by the state now, in the order of Lifecycle
};

constexpr std::optional<Lifecycle> cannot{};  // may not come in that state
constexpr auto conn = Lifecycle::connecting;
constexpr auto fetch = Lifecycle::fetching;
constexpr auto ready = Lifecycle::ready;
constexpr auto play = Lifecycle::playing;
constexpr auto alert = Lifecycle::alerting;
constexpr auto expir = Lifecycle::expired;
constexpr auto stop = Lifecycle::stopping;
constexpr auto gone = Lifecycle::gone;

// clang-format off
constexpr std::array<Row, kEvents> kTable = {{
    // event                     starting connecting fetching ready   playing alerting expired stopping gone
    {Event::loaded,           {{ conn,    cannot,    cannot,  cannot, cannot, cannot,  cannot, cannot,  cannot }}},
    {Event::plan_lacking,     {{ cannot,  conn,      conn,    conn,   cannot, cannot,  conn,   cannot,  cannot }}},
    {Event::files_missing,    {{ cannot,  fetch,     fetch,   fetch,  cannot, cannot,  fetch,  cannot,  cannot }}},
    {Event::files_complete,   {{ cannot,  ready,     ready,   ready,  cannot, cannot,  ready,  cannot,  cannot }}},
    {Event::plan_ended,       {{ cannot,  expir,     expir,   expir,  cannot, cannot,  expir,  cannot,  cannot }}},
    {Event::broadcast_sounds, {{ cannot,  cannot,    play,    play,   play,   play,    cannot, cannot,  cannot }}},
    {Event::alert_sounds,     {{ cannot,  alert,     alert,   alert,  alert,  alert,   alert,  cannot,  cannot }}},
    {Event::silence,          {{ cannot,  conn,      fetch,   ready,  ready,  ready,   expir,  cannot,  cannot }}},
    {Event::stop_asked,       {{ stop,    stop,      stop,    stop,   stop,   stop,    stop,   stop,    cannot }}},
    {Event::closed,           {{ cannot,  cannot,    cannot,  cannot, cannot, cannot,  cannot, gone,    cannot }}},
}};
// clang-format on

}  // namespace

const char* name_of(Event event) {
  switch (event) {
    case Event::loaded: return "loaded";
    case Event::plan_lacking: return "plan_lacking";
    case Event::files_missing: return "files_missing";
    case Event::files_complete: return "files_complete";
    case Event::plan_ended: return "plan_ended";
    case Event::broadcast_sounds: return "broadcast_sounds";
    case Event::alert_sounds: return "alert_sounds";
    case Event::silence: return "silence";
    case Event::stop_asked: return "stop_asked";
    case Event::closed: return "closed";
  }
  return "";
}

std::optional<Lifecycle> next_lifecycle(Lifecycle now, Event event) {
  const Row& row = kTable[static_cast<std::size_t>(event)];
  assert(row.event == event);
  return row.next[static_cast<std::size_t>(now)];
}

bool LifecycleTrack::take(Event event) {
  const auto next = next_lifecycle(now_, event);
  if (!next) {
    spdlog::error("bug: event {} in lifecycle {} has no transition", name_of(event), name_of(now_));
    assert(!"an event that the table of transitions does not have");
    return false;
  }
  if (*next == now_) return false;
  spdlog::info("{} -> {} ({})", name_of(now_), name_of(*next), name_of(event));
  now_ = *next;
  return true;
}

}  // namespace loa::node
