#pragma once
#include <string>
#include <vector>

#include "controller/authority/certificates.hpp"
#include "controller/authority/key_files.hpp"
#include "protocol/bundle.hpp"

namespace loa::authority {

/// What is decided about a new board before its keys are made.
struct BundleRequest {
  std::string node;                  ///< new id, protocol::random_id("n")
  std::string code;                  ///< of the place
  std::vector<std::string> areas;    ///< chain, the province first
  std::vector<std::string> brokers;  ///< `mqtts://host:port`, one to three
  std::vector<std::string> files;    ///< `https://host:port`, one to three
};

/// A bundle, and what the controller keeps of it: the private keys live in the bundle only.
struct MadeBundle {
  protocol::Bundle bundle;
  protocol::PublicKey signing_key{};  ///< what the node's messages are verified with
  std::string serial;                 ///< of its TLS certificate, for revoke()
};

/// Makes certificate and keys for a board. Throws std::invalid_argument naming the field where the request cannot make a bundle
/// that a node takes. About two milliseconds of work.
MadeBundle make_bundle(const CertificateAuthority& authority, const ControllerKeys& keys, const BundleRequest& request,
                       TimePoint now);

}  // namespace loa::authority
