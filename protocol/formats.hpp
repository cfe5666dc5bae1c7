#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "protocol/messages.hpp"

namespace loa::protocol {

/// Writes the payload JSON of everything that a controller sends, in one format.
struct FormatWriter {
  std::function<std::string(const scheduler::Plan&)> plan;
  std::function<std::string(const Head&)> head;
  std::function<std::string(const Order&)> order;
  std::function<std::string(const LogAck&)> log_ack;
  std::function<std::string(const scheduler::AlertSnapshot&)> alert;
  std::function<std::string(const ControllerState&)> controller_state;
};

/// The formats that a controller writes; holds format 1 from the start, tests add a second. Not thread-safe.
class Formats {
 public:
  Formats();
  void add(int format, FormatWriter writer);
  /// Every number in use, rising: what all nodes share is published once for each, under `loa/N`.
  std::vector<int> numbers() const;
  /// The highest number written here that a node reads (`State::formats`); 1 where it has not said or none
  /// agree, because every node refuses by itself what it cannot read.
  int highest_for(const std::vector<int>& formats_read) const;
  /// Throws std::out_of_range where `format` is not in use: a bug.
  const FormatWriter& writer(int format) const { return writers_.at(format); }

 private:
  std::map<int, FormatWriter> writers_;
};

}  // namespace loa::protocol
