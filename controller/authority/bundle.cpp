#include "controller/authority/bundle.hpp"

#include <algorithm>
#include <stdexcept>

#include "protocol/limits.hpp"
#include "protocol/link_address.hpp"
#include "protocol/topics.hpp"

namespace loa::authority {

namespace {

void require_that(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("bundle: " + what);
}

void check(const BundleRequest& request) {
  require_that(protocol::is_id(request.node), "node: not an id: \"" + request.node + "\"");
  require_that(!request.code.empty(), "code: empty");
  require_that(!request.areas.empty() && request.areas.size() <= protocol::kMaxAreas, "areas: one to eight are needed");
  for (const auto& area : request.areas) require_that(protocol::is_area_id(area), "areas: not an area id: \"" + area + "\"");
  for (const auto* list : {&request.brokers, &request.files})
    require_that(!list->empty() && list->size() <= protocol::kMaxAddresses,
                 std::string(list == &request.brokers ? "brokers" : "files") + ": one to three are needed");
  for (const auto& broker : request.brokers) {
    const auto address = protocol::parse_broker_address(broker);
    require_that(address.has_value(), "brokers: " + (address ? "" : address.error().message));
  }
  for (const auto& file : request.files)
    require_that(file.starts_with("https://"), "files: not an https address: \"" + file + "\"");
}

}  // namespace

MadeBundle make_bundle(const CertificateAuthority& authority, const ControllerKeys& keys, const BundleRequest& request,
                       TimePoint now) {
  check(request);
  const IssuedCertificate certificate = authority.issue_client(request.node, now);
  const auto signing = protocol::PrivateKey::generate();
  MadeBundle made;
  made.signing_key = signing.public_key();
  made.serial = certificate.serial;
  protocol::Bundle& bundle = made.bundle;
  bundle.node = request.node;
  bundle.code = request.code;
  bundle.tls_certificate_pem = certificate.certificate_pem;
  bundle.tls_key_pem = certificate.key_pem;
  bundle.ca_pem = authority.certificate_pem();
  bundle.signing_key_pem = signing.to_pem();
  bundle.brokers = request.brokers;
  bundle.files = request.files;
  bundle.areas = request.areas;
  bundle.root_key = keys.root;
  bundle.key_set = keys.key_set_jws;
  return made;
}

}  // namespace loa::authority
