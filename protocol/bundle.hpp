#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/refusal.hpp"

namespace loa::protocol {

/// The one file with which a node joins; JSON on disk, mode 0600, holds private keys.
struct Bundle {
  std::string node;                 ///< node id = certificate identity = MQTT client id
  std::string code;                 ///< the place's code, for the installer to read
  std::string tls_certificate_pem;  ///< the node's, with the chain below the CA
  std::string tls_key_pem;
  std::string ca_pem;                        ///< broker's and controller's CA
  std::string signing_key_pem;               ///< Ed25519 PKCS#8, other than the TLS key
  std::vector<std::string> brokers;          ///< `mqtts://host:port`, up to three
  std::vector<std::string> files;            ///< `https://host:port`, up to three
  std::vector<std::string> areas;            ///< first chain, the province first
  std::array<unsigned char, 32> root_key{};  ///< Ed25519 public key that key sets must be signed by
  std::string key_set;                       ///< the current key set, JWS compact as published
  bool operator==(const Bundle&) const = default;
};

/// The bundle file's text: JSON in format 1 with a line break at its end.
std::string encode(const Bundle& bundle);

/// Reads a bundle file as strictly as a message; too_large above kMaxBundle.
Result<Bundle> decode_bundle(std::string_view json);

}  // namespace loa::protocol
