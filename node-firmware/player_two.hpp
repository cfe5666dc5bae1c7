#pragma once
#include "node-firmware/second_output.hpp"

namespace loa::node {

/// A player on two outputs. The main one is as if there were no other: it alone is reported. The second one follows it on a thread of its own, so that a
/// device that hangs in any call holds up nothing else; what it cannot take in time (more than 256 calls) is dropped, and its tracks end. At the end it is
/// waited for two seconds. Throws what the two makers throw.
std::unique_ptr<Player> make_player_on_two(boost::asio::any_io_executor executor, PlayerEvents events, const MakePlayer& main, MakePlayer second);

}  // namespace loa::node
