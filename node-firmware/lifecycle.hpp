#pragma once
#include <array>
#include <functional>
#include <optional>
#include <string>

#include "protocol/messages.hpp"

namespace loa::node {

using protocol::Lifecycle;

/// What moves a node through its life; the agent raises one only when it changed.
enum class Event {
  loaded,            ///< what the node kept was read
  plan_lacking,      ///< it holds no plan
  files_missing,     ///< it holds a plan, and not every file of it
  files_complete,    ///< every file of the plan in force was verified
  plan_ended,        ///< the plan in force is past its expiry
  broadcast_sounds,
  alert_sounds,
  silence,           ///< nothing sounds any more; a plan event follows
  stop_asked,        ///< SIGTERM, or an order to restart
  closed             ///< everything was written and said
};
inline constexpr int kEvents = 10;
const char* name_of(Event event);

/// The one table of transitions; nothing where the event may not come in that state.
std::optional<Lifecycle> next_lifecycle(Lifecycle now, Event event);

/// Where the node is in its life. An event that the table does not have is a bug: logged, and an assertion in a debug build.
class LifecycleTrack {
 public:
  Lifecycle now() const { return now_; }
  /// Takes the event; true when the state changed.
  bool take(Event event);

 private:
  Lifecycle now_ = Lifecycle::starting;
};

}  // namespace loa::node
