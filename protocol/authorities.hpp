#pragma once
#include <string>
#include <string_view>

#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// The authorities that `set` lists, as one PEM text (RFC 7468), empty where it lists none. Refused: malformed with the pointer of the
/// first that is not one whole X.509 certificate in DER of a certificate authority.
Result<std::string> authorities_pem(const KeySet& set);

/// What a person knows a certificate by.
struct AuthorityFacts {
  std::string name;    ///< common name
  std::string sha256;  ///< of the DER, lower-case hex
  TimePoint ends;
};

/// Of those that `set` lists, in order; what is no certificate is passed over.
std::vector<AuthorityFacts> authority_facts(const KeySet& set);

/// The common name of who a certificate in PEM says it is by; empty where the text holds none. The signature is not looked at.
std::string issuer_name(std::string_view pem);

/// Whether the certificate in PEM is signed by `authority` as it stands in a key set.
bool is_by(std::string_view pem, std::string_view authority);

/// A certificate in PEM as it stands in a key set; refused as malformed where the text holds none.
Result<std::string> authority_text(std::string_view pem);

}  // namespace loa::protocol
