#include "protocol/bundle.hpp"

#include <fmt/format.h>

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/limits.hpp"

namespace loa::protocol {

template <class Visitor, DescribedAs<Bundle> T>
void describe(Visitor& visit, T& bundle) {
  visit.format();
  visit("node", bundle.node, id());
  visit("code", bundle.code, text(kMaxWord));
  visit("tls_certificate_pem", bundle.tls_certificate_pem, text(kMaxPem));
  visit("tls_key_pem", bundle.tls_key_pem, text(kMaxPem));
  visit("ca_pem", bundle.ca_pem, text(kMaxPem));
  visit("signing_key_pem", bundle.signing_key_pem, text(kMaxPem));
  visit("brokers", bundle.brokers, List<TextRule>{1, kMaxAddresses, address()});
  visit("files", bundle.files, List<TextRule>{1, kMaxAddresses, address()});
  visit("areas", bundle.areas, List<TextRule>{1, kMaxAreas, area_id()});
  visit("root_key", bundle.root_key);
  visit("key_set", bundle.key_set, TextRule{kMaxSharedSigned, false});
}

std::string encode(const Bundle& bundle) { return write_json(bundle) + "\n"; }

Result<Bundle> decode_bundle(std::string_view json) {
  if (json.size() > kMaxBundle) {
    return Refusal{RefusalCode::too_large, "", fmt::format("the bundle is larger than {} bytes", kMaxBundle)};
  }
  return read_json<Bundle>(json);
}

}  // namespace loa::protocol
