#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "node-firmware/edge/amplifier_timing.hpp"
#include "node-firmware/edge/line.hpp"

namespace loa::node::edge {

struct AmplifierSettings {
  LineAddress relay;   ///< `line` empty: the amplifier is always on
  LineAddress fault;   ///< `line` empty: the board does not tell of faults
  AmplifierTiming::Settings timing;
};

enum class AmplifierState {
  off,
  on,
  fault  ///< its own fault line is active, or one of its lines cannot be driven or read
};

/// A board's power amplifier: its relay follows the sound, its fault line is read (each second while it is on, each minute while it is
/// off). A line that fails is logged once, tried again each few seconds, and never keeps sound from beginning. Loop thread.
class Amplifier {
 public:
  /// `lines` outlives it. The relay is off from here on.
  Amplifier(AmplifierSettings settings, Lines& lines, Monotonic now);
  /// As release().
  ~Amplifier();

  /// Sets the relay as it must be now; the answer: when to be told again at the latest. Never throws.
  std::optional<Monotonic> expect(Monotonic now, const SoundOutlook& outlook);
  AmplifierState state() const;
  /// Why it is in fault, for people; empty where it is not.
  std::string trouble() const;
  /// Whether it tells of faults, and can be heard telling: of an amplifier that this program could not switch on a quiet line says nothing.
  bool reads_fault() const { return has_fault_line() && fault_trouble_.empty() && relay_trouble_.empty(); }
  /// The first sample of a track left the sink.
  void began(std::uint64_t track);
  /// A track is over. True: its fault line was active at every look from the first sample on, this one included.
  bool ended(std::uint64_t track);
  /// Off, and the lines given back.
  void release() noexcept;

 private:
  bool has_fault_line() const { return !settings_.fault.line.empty(); }
  void drive(Monotonic now, bool on);
  void look_at_fault(Monotonic now, bool on);
  void read_fault();

  AmplifierSettings settings_;
  Lines& lines_;
  AmplifierTiming timing_;
  std::unique_ptr<OutputLine> relay_;
  std::unique_ptr<InputLine> fault_line_;
  bool on_ = false;
  bool fault_ = false;
  std::map<std::uint64_t, bool> only_faults_;  ///< by track that sounds: whether no look since its first sample found the line quiet or unreadable
  std::string relay_trouble_;   ///< why the relay is not as it should be
  std::string fault_trouble_;   ///< why the fault line is not read
  Monotonic next_try_{};        ///< of the relay, while it is in trouble
  Monotonic next_look_{};       ///< at the fault line
};

/// The relay off, by a program that does nothing else: what held it may have died without doing so. Throws LineError.
void switch_off(const AmplifierSettings& settings, Lines& lines);

}  // namespace loa::node::edge
