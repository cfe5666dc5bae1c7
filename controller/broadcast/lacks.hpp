#pragma once
#include <string>
#include <vector>

#include "controller/broadcast/roster.hpp"

namespace loa::broadcast {

/// A node that speaks, but has not had what was sent to it for some time: a broker, or somebody between, loses or withholds it.
struct WithheldNode {
  std::string id;
  std::string area;
  std::string lacks;  ///< as of lacks_of, joined
  TimePoint since;
};

/// What the node lacks by its own last word: `plan 5`, `alerts 7 of hue`, `key set 3`, `heads`. Empty where it is gone or all is there.
std::vector<std::string> lacks_of(const KnownNode& known, const Roster& roster);

/// Whether lacks_of would name anything; cheap, for a look at all nodes.
bool lacks_anything(const KnownNode& known, const Roster& roster);

/// Areas of the node's chain whose newest alerts it does not hold.
std::vector<std::string> lacked_alerts(const KnownNode& known, const Roster& roster);

}  // namespace loa::broadcast
