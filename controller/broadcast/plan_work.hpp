#pragma once
#include <string>
#include <vector>

#include "controller/broadcast/signer.hpp"
#include "controller/store/session.hpp"
#include "protocol/formats.hpp"
#include "scheduler/plan.hpp"

namespace loa::broadcast {

/// What every plan carries from the controller's settings.
struct PlanSettings {
  std::vector<std::string> brokers;  ///< up to three `mqtts://host:port`
  std::vector<std::string> files;    ///< up to three `https://host:port`
  scheduler::Fallback fallback;
};

/// A node whose plan is to be looked at, and the format that it reads.
struct NodeToPlan {
  std::string id;
  int format = protocol::kFormat;
  bool anew = false;  ///< signed under a new revision also where nothing changed
};

/// A plan that was signed and kept; publish it once the transaction is committed.
struct SignedPlan {
  std::string node;
  std::int64_t revision = 0;
  std::string packet;
};

/// A node that got no plan, and why.
struct PlanRefusal {
  std::string node;
  protocol::Refusal refusal;
};

struct PlanRound {
  std::vector<SignedPlan> made;
  std::vector<PlanRefusal> refused;
};

/// Makes, signs and keeps (revision, retained packet, expected occurrences) a new plan for each of `nodes` whose plan is no longer
/// what its broadcasts, settings, key or format say, or whose 16 days have moved on. On the store thread.
PlanRound make_plans(store::Transaction& transaction, const std::vector<NodeToPlan>& nodes, Signer& signer,
                     const protocol::Formats& formats, const PlanSettings& settings);

/// Whether a plan made at `made` in `zone` covers other days than one made now would.
bool wants_renewal(TimePoint made, TimePoint now, const std::string& zone);

}  // namespace loa::broadcast
