#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/broadcast/signer.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/session.hpp"
#include "protocol/formats.hpp"
#include "protocol/limits.hpp"

namespace loa::broadcast {

/// An alert whose values no node reads: it is left out of its area's snapshot, so that the others go out.
struct LeftOut {
  std::string id;
  std::int64_t revision = 0;
  std::string why;
};

/// An area's snapshot of alerts, signed and kept; publish it once the transaction is committed.
struct SignedSnapshot {
  std::string area;
  std::int64_t revision = 0;
  std::vector<store::Retained> packets;  ///< one for each format in use
  std::vector<std::string> also;         ///< other areas whose alerts these cancelled since theirs were signed
  std::vector<LeftOut> left_out;
};

/// Takes out of an area's alerts, which are ordered by when they were sent, what a snapshot has no room for: cancelled ones first, the oldest before the
/// others, because a node ends what no longer stands in the snapshot; one in force only where there are more of these than it takes.
template <class Alert>
void keep_what_fits(std::vector<Alert>& alerts) {
  auto excess = alerts.size() > protocol::kMaxAlerts ? alerts.size() - protocol::kMaxAlerts : 0;
  std::erase_if(alerts, [&excess](const auto& alert) {
    if (excess == 0 || alert.message != scheduler::AlertMessage::cancel) return false;
    --excess;
    return true;
  });
  alerts.erase(alerts.begin(), alerts.begin() + static_cast<std::ptrdiff_t>(excess));
}

/// By alert and its revision: until when its soundings are written down as expected of each node.
using Expectations = std::map<std::pair<std::string, std::int64_t>, TimePoint>;

/// Writes down what each node is to sound of the alerts in force in the next ten minutes, and brings `expectations` up to that; it begins anew where they
/// are empty, and for a new revision of an alert, whose earlier revision's coming soundings are taken back. One call is one turn of some kExpectedAtOnce rows; true: there is more to write. On the store thread.
bool expect_soundings(store::Transaction& transaction, Expectations& expectations, TimePoint now);
inline constexpr std::int64_t kExpectedAtOnce = 1000;

/// Signs the present alerts of `area` under a new revision and keeps it; soundings of cancelled ones are taken back.
/// The revision is above `seen` too, which nodes or broker were found to hold. On the store thread.
protocol::Result<SignedSnapshot> sign_alerts(store::Transaction& transaction, const std::string& area, Signer& signer,
                                             const protocol::Formats& formats, std::int64_t seen = 0);

}  // namespace loa::broadcast
