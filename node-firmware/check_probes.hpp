#pragma once
#include "node-firmware/check.hpp"
#include "node-firmware/check_state.hpp"

namespace loa::node {

// The probes of `loa-node check`, one line each; each on a thread of its own, in the order of the lines. What they throw is their finding.

/// Whether this board knows who it is.
Finding probe_bundle(Standing& standing);
/// Whether the names of brokers and file servers lead to addresses.
Finding probe_names(Standing& standing);
/// Whether a broker lets this node in. A node that runs keeps its session: a second one under its name would end it, so that beside it only TLS is tried,
/// and what the controller last said to it counts.
Finding probe_broker(Standing& standing);
/// Whether a file server answers with a certificate of the authorities trusted; notes its time.
Finding probe_https(Standing& standing);
/// Whether the time is right, and what keeps it so.
Finding probe_clock(Standing& standing);
/// Whether there is a network, and how strong its radio signal is where a modem carries it.
Finding probe_signal(Standing& standing);
/// Whether the sound device opens and takes sound, unheard.
Finding probe_device(Standing& standing);
/// Sounds the chime, for the installer's ears.
Finding probe_amplifier(Standing& standing);
/// Whether a plan is in force, how long it lasts, and whether its files are here.
Finding probe_plan(Standing& standing);

}  // namespace loa::node
