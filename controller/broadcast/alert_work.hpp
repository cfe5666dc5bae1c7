#pragma once
#include <map>
#include <string>
#include <vector>

#include "controller/broadcast/signer.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/session.hpp"
#include "protocol/formats.hpp"

namespace loa::broadcast {

/// An area's snapshot of alerts, signed and kept; publish it once the transaction is committed.
struct SignedSnapshot {
  std::string area;
  std::int64_t revision = 0;
  std::vector<store::Retained> packets;  ///< one for each format in use
  std::vector<std::string> also;         ///< other areas whose alerts these cancelled since theirs were signed
};

/// By alert: until when its soundings are written down as expected of each node.
using Expectations = std::map<std::string, TimePoint>;

/// Writes down what each node is to sound of the alerts in force in the next hour, and brings `expectations` up to that; it begins anew where they
/// are empty. Apart from the signing, which waits for no list of nodes and repeats. On the store thread.
void expect_soundings(store::Transaction& transaction, Expectations& expectations, TimePoint now);

/// Signs the present alerts of `area` under a new revision and keeps it; soundings of cancelled ones are taken back.
/// The revision is above `seen` too, which nodes or broker were found to hold. On the store thread.
protocol::Result<SignedSnapshot> sign_alerts(store::Transaction& transaction, const std::string& area, Signer& signer,
                                             const protocol::Formats& formats, std::int64_t seen = 0);

}  // namespace loa::broadcast
