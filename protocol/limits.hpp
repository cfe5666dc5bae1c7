#pragma once
#include <cstddef>
#include <cstdint>

#include "protocol/messages.hpp"

namespace loa::protocol {

// What a reader takes at most, in bytes unless named otherwise; PROTOCOL.md lists the same numbers.
inline constexpr std::size_t kMaxPlanJson = 4 * 1024 * 1024;  ///< a plan inflated
inline constexpr std::size_t kMaxPlanDeflated = 512 * 1024;   ///< a plan as it is signed
inline constexpr std::size_t kMaxStateJson = 64 * 1024;        ///< a state inflated
inline constexpr std::size_t kMaxPlanSigned = 700 * 1024;     ///< a plan with its envelope
inline constexpr std::size_t kMaxLogSigned = 512 * 1024;
inline constexpr std::size_t kMaxSharedSigned = 256 * 1024;  ///< keys, alert, bulletin
inline constexpr std::size_t kMaxSmallSigned = 64 * 1024;    ///< everything else
inline constexpr std::size_t kMaxBundle = 512 * 1024;
inline constexpr std::size_t kMaxHeader = 512;  ///< protected header in base64url
inline constexpr int kMaxDepth = 8;             ///< nested objects and lists

inline constexpr std::size_t kMaxTitle = 1000;
inline constexpr std::size_t kMaxWord = 200;      ///< legal field, event, stock clip name, version
inline constexpr std::size_t kMaxMessage = 1000;  ///< a refusal's sentence and place
inline constexpr std::size_t kMaxUrl = 2048;
inline constexpr std::size_t kMaxPem = 64 * 1024;
inline constexpr std::size_t kMaxCsr = 4096;           ///< a request for a certificate, PEM
inline constexpr std::size_t kMaxCertificate = 8192;   ///< a node's certificate, PEM
inline constexpr std::size_t kMaxAuthority = 4096;  ///< DER in base64url

inline constexpr std::size_t kMaxAreas = 8;  ///< levels of the area tree
inline constexpr std::size_t kMaxOccurrences = 4096;
inline constexpr std::size_t kMaxItems = 32;
inline constexpr std::size_t kMaxStock = 64;
inline constexpr std::size_t kMaxHours = 24;
inline constexpr std::size_t kMaxAddresses = 3;
inline constexpr std::size_t kMaxAlerts = 32;
inline constexpr std::size_t kMaxReferences = 32;
inline constexpr std::size_t kMaxKeys = 64;
inline constexpr std::size_t kMaxAuthorities = 4;
inline constexpr std::size_t kMaxFormats = 16;
inline constexpr std::size_t kMaxRecords = 200;  ///< of one log batch

/// The most bytes that a signed message of `type` may have.
constexpr std::size_t max_signed(MessageType type) {
  switch (type) {
    case MessageType::plan:
      return kMaxPlanSigned;
    case MessageType::log:
      return kMaxLogSigned;
    case MessageType::keys:
    case MessageType::alert:
    case MessageType::bulletin:
      return kMaxSharedSigned;
    default:
      return kMaxSmallSigned;
  }
}

}  // namespace loa::protocol
