#include "node-firmware/node_clock.hpp"

namespace loa::node {

using scheduler::ClockQuality;
using scheduler::Millis;
using scheduler::TimePoint;

namespace {

constexpr Millis kHeadTolerance{2000};
// The controller's clock may run a little ahead of a good system clock; less than this is not a reason to distrust it.
constexpr Millis kFloorTolerance{60'000};
constexpr std::chrono::hours kHeadFresh{1};
// Less is what the two readings of the clocks are apart.
constexpr std::int64_t kMoved = 500'000;

// A clock without a battery wakes in 1970, and systemd then sets the system clock to the last time that it stored: plausible, and behind by all the time without power.
bool set_by_rtc(const std::optional<std::chrono::seconds>& rtc, const WallReading& system) {
  return rtc && std::chrono::abs(system.utc - *rtc) <= kRtcError;
}

std::int64_t ns_of(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace

NodeClock::NodeClock(const TimeSource& source, TimePoint floor, std::optional<HeldOffset> held)
    : source_(source), floor_(floor) {
  distrust();
  const bool same_boot = held && !held->boot_id.empty() && held->boot_id == source_.boot_id();
  if (same_boot) set(Basis::held, held->offset_ns, grown(held->bound, source_.monotonic()));
  // A held offset survived because a head overruled the system clock or because nothing better was known.
  const auto off = offset_from_system();
  head_overrides_ = same_boot && (off > kHeadTolerance || off < -kHeadTolerance);
  refresh();
}

std::int64_t NodeClock::system_offset_ns() const { return source_.wall().offset_ns(); }

void NodeClock::set(Basis basis, std::int64_t offset_ns, std::chrono::nanoseconds error) {
  basis_ = basis;
  error_ = {error, source_.monotonic()};
  offset_ns_.store(offset_ns);
  trusted_.store(basis != Basis::none);
}

void NodeClock::distrust() { set(Basis::none, ns_of(floor_) - source_.monotonic().count(), {}); }

TimePoint NodeClock::now() const {
  const auto ns = std::chrono::nanoseconds(source_.monotonic().count() + offset_ns_.load());
  return TimePoint{std::chrono::floor<Millis>(ns)};
}

Monotonic NodeClock::monotonic_at(TimePoint time) const {
  return Monotonic{ns_of(time) - offset_ns_.load()};
}

Millis NodeClock::offset_from_system() const {
  return std::chrono::round<Millis>(std::chrono::nanoseconds(offset_ns_.load() - system_offset_ns()));
}

bool NodeClock::plausible(TimePoint time) const { return time + kFloorTolerance >= floor_; }

ClockQuality NodeClock::quality() const {
  switch (basis_) {
    case Basis::none: return ClockQuality::untrusted;
    case Basis::system_synced: return ClockQuality::synced;
    case Basis::system_rtc: return ClockQuality::rtc;
    case Basis::held: return ClockQuality::held;
    case Basis::head: break;
  }
  const bool fresh = last_head_ && source_.monotonic() - *last_head_ <= kHeadFresh;
  return fresh ? ClockQuality::head : ClockQuality::held;
}

std::optional<HeldOffset> NodeClock::held() const {
  if (!trusted()) return std::nullopt;
  return HeldOffset{source_.boot_id(), offset_ns_.load(), error_};
}

std::optional<Millis> NodeClock::bound() const {
  if (!trusted()) return std::nullopt;
  return std::max(std::chrono::ceil<Millis>(grown(error_, source_.monotonic())), Millis{1});
}

bool NodeClock::take_head(TimePoint issued, Millis round_trip) {
  const auto proved = issued + round_trip / 2;
  const auto proved_ns = ns_of(proved) - source_.monotonic().count();
  const auto limit = kHeadTolerance + round_trip;
  const std::chrono::nanoseconds system_difference =
      std::chrono::abs(std::chrono::nanoseconds(proved_ns - system_offset_ns()));
  const auto own_difference = std::chrono::abs(std::chrono::nanoseconds(proved_ns - offset_ns_.load()));
  last_head_ = source_.monotonic();
  floor_ = std::max(floor_, issued);
  head_overrides_ = system_difference > limit;
  const bool corrected = trusted() && own_difference > limit;
  const auto kernel = source_.kernel();
  const auto known = grown(error_, source_.monotonic());
  // Within the bound the steadier clock stays: a head's own jitter is worse than a system clock it confirms.
  if (!head_overrides_ && kernel.synchronised)
    set(Basis::system_synced, system_offset_ns(), synced_error(kernel));
  else if (!head_overrides_)
    set(Basis::head, system_offset_ns(), system_difference + head_error(round_trip));
  else if (!trusted() || corrected)
    set(Basis::head, proved_ns, head_error(round_trip));
  else
    set(Basis::head, offset_ns_.load(), std::min(known, own_difference + head_error(round_trip)));
  return corrected;
}

void NodeClock::raise_floor(TimePoint floor) {
  floor_ = std::max(floor_, floor);
  if (!trusted() && now() < floor_) distrust();
  refresh();
}

void NodeClock::forget(TimePoint floor, bool forget_head) {
  floor_ = std::min(floor_, floor);
  if (forget_head) {
    head_overrides_ = false;
    last_head_.reset();
    if (basis_ == Basis::head || basis_ == Basis::held) distrust();
  }
  refresh();
}

bool NodeClock::refresh() {
  const auto before = offset_ns_.load();
  const bool trusted_before = trusted();
  look();
  if (trusted() && !good_enough(grown(error_, source_.monotonic()))) distrust();
  if (!trusted() && !trusted_before) return false;  // it goes on from the newest signed time
  return trusted() != trusted_before || std::abs(offset_ns_.load() - before) > kMoved;
}

void NodeClock::look() {
  const auto kernel = source_.kernel();
  const auto system = source_.system();
  if (head_overrides_ || !plausible(system)) {
    const bool from_system = basis_ == Basis::system_synced || basis_ == Basis::system_rtc;
    // Something signed is from later than a battery-backed clock says: that one is behind.
    if (basis_ == Basis::system_rtc && !plausible(now())) return distrust();
    // A synchronised one may be right and the signer's ahead: it goes on by the offset it had, as where it was set to nonsense, until a head that
    // answers a nonce for the first time proves the time. What sounds is not cut for a doubt.
    if (from_system) basis_ = Basis::held;
    return;
  }
  const auto of_rtc = rtc_error(floor_, system);
  if (kernel.synchronised)
    set(Basis::system_synced, system_offset_ns(), synced_error(kernel));
  else if (basis_ == Basis::system_synced)
    basis_ = Basis::held;  // synchronisation was lost: coast on the offset it had
  else if (basis_ == Basis::none && good_enough(of_rtc) && set_by_rtc(source_.rtc(), source_.wall()))
    set(Basis::system_rtc, system_offset_ns(), of_rtc);
}

bool worth_keeping(const HeldOffset& now, const std::optional<HeldOffset>& kept) {
  // The system clock's small corrections are not worth it.
  constexpr std::int64_t kOtherTime = 100'000'000;
  if (!kept || kept->boot_id != now.boot_id || std::abs(kept->offset_ns - now.offset_ns) >= kOtherTime) return true;
  return grown(kept->bound, now.bound.at) - now.bound.error > 10s;
}

}  // namespace loa::node
