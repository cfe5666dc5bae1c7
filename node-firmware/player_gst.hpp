#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "node-firmware/player.hpp"

namespace loa::node {

enum class SinkKind {
  alsa,  ///< `device`; it must take two clients at once (dmix, as `default` does)
  null,  ///< keeps time, makes no sound
  wav    ///< one growing recording at `wav`, with the clock's time beside it in `wav`.json
};

struct PlayerSettings {
  SinkKind sink = SinkKind::alsa;
  std::string device = "default";
  std::filesystem::path wav;
  std::chrono::milliseconds preroll_limit{5000};  ///< prepare() to `prepared`
  std::chrono::milliseconds stall_limit{3000};    ///< no new samples while it should sound
};

/// The real player, on GStreamer. `executor` is the loop; `clock` is used only to date the WAV recording.
/// Throws std::runtime_error where GStreamer, one of its elements or the WAV file is missing.
/// Start errors are measured when the sink renders the first buffer after its wait on the clock (null, wav), or, for ALSA,
/// from the device's own delay from then on; neither sees the amplifier. An ALSA device needs about 0.2 s to begin: what is due sooner
/// is late by that, and says so.
std::unique_ptr<Player> make_gst_player(boost::asio::any_io_executor executor, const protocol::Clock& clock,
                                        PlayerSettings settings, PlayerEvents events);

}  // namespace loa::node
