#pragma once
#include <array>
#include <string_view>

namespace loa::protocol {

/// Why an occurrence ended as it did: the stable word in PlayRecord::reason, and what it means.
struct Reason {
  std::string_view word;
  std::string_view meaning;
};

/// Every word that this version's nodes write. A reader takes other words too: a newer node may know more.
inline constexpr std::array kReasons = {
    Reason{"", "played as planned"},
    Reason{"muted", "the node was muted"},
    Reason{"conflict", "something else sounded; `interrupted_by` names it"},
    Reason{"not_fetched", "no clip or substitute was on the node in time"},
    Reason{"not_playable", "an item could not be played and was passed over"},
    Reason{"hash", "the bytes of the clip never matched its name"},
    Reason{"size", "the clip had another size than planned"},
    Reason{"not_found", "no file address had the clip"},
    Reason{"refused", "the file addresses refused the clip"},
    Reason{"no_room", "neither the cache budget nor the disk had room for the clip"},
    Reason{"disk", "the disk failed while the clip was written or read"},
    Reason{"short", "a clip ended more than a second before its planned length"},
    Reason{"late", "it joined after its beginning"},
    Reason{"substituted", "a substitute or the area's stand-in sounded in its place"},
    Reason{"stream_lost", "the stream broke off or fell silent"},
    Reason{"missed", "the node was off, or held the plan too late"},
    Reason{"no_clock", "the node did not know the time"},
    Reason{"clock_stepped", "the node's clock was set past it"},
    Reason{"history_lost", "the node lost its memory of what had sounded"},
    Reason{"interrupted", "something above cut it; `interrupted_by` names it"},
    Reason{"restarted", "the node restarted while it sounded"},
    Reason{"stopped", "an order stopped it"},
    Reason{"plan", "a newer plan no longer holds it"},
    Reason{"plan_expired", "the plan ended before it"},
    Reason{"withdrawn", "neither plan nor alerts name it any more"},
    Reason{"expired", "the alert expired"},
    Reason{"updated", "an update replaced the alert"},
    Reason{"cancelled", "the alert was cancelled"},
    Reason{"moved", "the node left the alert's area"},
    Reason{"withheld", "a head named newer alerts of the area, and they did not come"},
    Reason{"revoked", "the key that signed it was revoked"},
    Reason{"player_error", "the player reported an error"},
    Reason{"stalled", "the player neither played nor failed"},
    Reason{"silent", "it played, but nothing was heard: the level stayed at silence, or the amplifier was measured silent, or said all the time that it is in fault"},
    Reason{"unsupported", "this node cannot play this kind of item"},
};

}  // namespace loa::protocol
