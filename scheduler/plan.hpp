#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::scheduler {

/// Class of what sounds (Circular 39/2020/TT-BTTTT); a broadcast is normal or priority, emergency exists only as an alert.
enum class Class { normal, priority, emergency };

/// What an item of an occurrence is made of.
enum class ItemKind { clip, stream, pause };

/// What happens to an occurrence after something above it interrupted it.
enum class AfterInterrupt {
  resume,   ///< goes on where it was cut
  join,     ///< goes on where it would be by now
  restart,  ///< begins again
  drop      ///< ends there, as partial
};

/// What happens to an occurrence that could not start when it was due.
enum class LateRule {
  join,  ///< starts at the offset that the clock says
  skip   ///< is skipped when more than `late_limit` has passed; starts from its beginning before that
};

/// Where a programme or alert came from when not made here; `revision` is the source system's own number.
struct Origin {
  std::string system;  ///< name of the source system in the province's settings
  std::string id;      ///< the bulletin's id there
  std::int64_t revision = 0;
  bool operator==(const Origin&) const = default;
};

/// One piece of sound or silence; `duration` is exact for a clip and the most for a stream.
struct Item {
  ItemKind kind = ItemKind::clip;
  Millis duration{0};
  std::string sha256;           ///< clip: lower-case hex of the file's SHA-256, else empty
  std::int64_t bytes = 0;       ///< clip: size of the file, else 0
  std::string url;              ///< stream: where it is, else empty
  bool plain_http_allowed = false;  ///< stream: the province marked this stream as allowed without TLS
  bool operator==(const Item&) const = default;
};

/// One sounding of a broadcast at one time on one node, with everything its play record must say.
struct Occurrence {
  std::string id;            ///< broadcast id + "@" + original start in UTC (to_basic)
  std::string broadcast_id;
  std::string programme_id;
  std::string title;
  std::string legal_field;
  std::string language;      ///< BCP 47, for example "vi"
  Class cls = Class::normal;
  std::optional<Origin> origin;
  TimePoint due;             ///< planned start
  Millis duration{0};        ///< sum of the items
  std::vector<Item> items;
  std::vector<Item> substitutes;  ///< played instead, in order, where an item cannot
  AfterInterrupt after_interrupt = AfterInterrupt::resume;
  LateRule late = LateRule::join;
  Millis late_limit{0};      ///< used by LateRule::skip
  int volume = 100;          ///< percent of the node's own volume, 0..100
  bool operator==(const Occurrence&) const = default;
  TimePoint end() const { return due + duration; }
};

/// A volume that holds in a part of each local day, `from` < `to` in minutes after local midnight.
struct VolumeHours {
  int from_minute = 0;
  int to_minute = 0;
  int volume = 100;
  bool operator==(const VolumeHours&) const = default;
};

/// A clip that the node keeps whether or not anything planned uses it; `name` is what an alert calls it by.
struct StockClip {
  std::string name;
  std::string sha256;
  std::int64_t bytes = 0;
  Millis duration{0};
  bool operator==(const StockClip&) const = default;
};

/// What the commune wants of the node itself, carried by the plan so that a node that was away still gets it.
struct WantedSettings {
  bool mute = false;         ///< silences everything, alerts too
  int volume = 100;          ///< percent, 0..100
  int alert_volume = 100;    ///< percent, 0..100
  std::vector<VolumeHours> volume_by_hour;
  std::vector<StockClip> stock;
  std::optional<std::string> stand_in = {};  ///< name of the stock clip that sounds where neither clip nor substitute can
  bool operator==(const WantedSettings&) const = default;
};

/// Hours of each local day, in minutes after midnight.
struct HourRange {
  int from_minute = 0;
  int to_minute = 0;
  bool operator==(const HourRange&) const = default;
};

/// The fallback link to the source system; off unless the province turns it on.
struct Fallback {
  bool enabled = false;
  std::vector<std::string> gateways;  ///< https addresses, in the order to try
  std::string ca_pem;                 ///< the CA that the gateways' certificates chain to
  Millis wait{0};                     ///< without the controller for this long before it begins
  std::vector<HourRange> hours;       ///< when the relay stream may sound
  std::vector<Item> streams;          ///< the relay streams allowed
  bool operator==(const Fallback&) const = default;
};

/// All that one node must do in the days it covers; replaced whole, never changed in part.
struct Plan {
  std::string node;
  std::int64_t revision = 0;
  TimePoint made;
  TimePoint from;             ///< what the plan covers: [from, until)
  TimePoint until;            ///< its expiry: the end of its last local day
  std::string time_zone = "Asia/Ho_Chi_Minh";
  int utc_offset_minutes = 420;        ///< the zone's offset, for the rules by local hour
  std::vector<std::string> areas;      ///< the node's chain, the province first, its own area last
  WantedSettings settings;
  std::vector<std::string> brokers;    ///< up to three `mqtts://host:port`
  std::vector<std::string> files;      ///< up to three `https://host:port` under which `/media/{sha256}.opus` is
  Fallback fallback;
  std::vector<Occurrence> occurrences; ///< by due, then id
  bool operator==(const Plan&) const = default;
};

/// The id of the occurrence of `broadcast_id` whose original start is `start`.
std::string occurrence_id(const std::string& broadcast_id, TimePoint start);

const char* name_of(Class cls);
const char* name_of(ItemKind kind);
const char* name_of(AfterInterrupt rule);
const char* name_of(LateRule rule);

}  // namespace loa::scheduler
