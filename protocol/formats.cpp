#include "protocol/formats.hpp"

#include <algorithm>

#include "protocol/codec.hpp"

namespace loa::protocol {
namespace {

constexpr auto kWrite = [](const auto& value) { return encode(value); };

}  // namespace

Formats::Formats() { add(kFormat, {kWrite, kWrite, kWrite, kWrite, kWrite, kWrite}); }

void Formats::add(int format, FormatWriter writer) { writers_[format] = std::move(writer); }

std::vector<int> Formats::numbers() const {
  std::vector<int> all;
  for (const auto& [number, writer] : writers_) all.push_back(number);
  return all;
}

int Formats::highest_for(const std::vector<int>& formats_read) const {
  int highest = kFormat;
  for (int format : formats_read) {
    if (writers_.contains(format)) highest = std::max(highest, format);
  }
  return highest;
}

}  // namespace loa::protocol
