#pragma once
#include <memory>
#include <stdexcept>
#include <string>

namespace loa::node::edge {

/// A line that cannot be had, set or read; what() names chip and line and says what to do where that is known.
class LineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One wire of a board.
struct LineAddress {
  std::string chip;         ///< "gpiochip0", its label, its number or /dev path
  std::string line;         ///< its number on the chip, or its name
  bool active_low = false;  ///< a low level means active
};

/// A wire that the node drives, for as long as this lives; whoever ends it sets it before. Loop thread.
class OutputLine {
 public:
  virtual ~OutputLine() = default;
  virtual void set(bool active) = 0;
};

/// A wire that the node reads. Loop thread.
class InputLine {
 public:
  virtual ~InputLine() = default;
  virtual bool active() = 0;
};

/// Where wires come from. Everything throws LineError.
class Lines {
 public:
  virtual ~Lines() = default;
  /// Driven to `active` from its first moment.
  virtual std::unique_ptr<OutputLine> output(const LineAddress& address, bool active) = 0;
  virtual std::unique_ptr<InputLine> input(const LineAddress& address) = 0;
};

/// Linux's GPIO character devices by libgpiod 1.6, which is loaded at the first line that is asked for: a board without a relay pays
/// nothing for it.
std::unique_ptr<Lines> make_gpiod_lines();

}  // namespace loa::node::edge
