#pragma once
#include <cstdint>

namespace loa::media {

/// The serial number that every clip has: a random one would give the same sound another hash each time.
inline constexpr std::uint32_t kClipSerial = 0x4c6f61;

/// Rewrites the serial number and checksum of every page of a whole, open Ogg file in place (RFC 3533 section 6).
/// Throws std::runtime_error when it is not one.
void set_ogg_serial(int file, std::uint32_t serial);

}  // namespace loa::media
