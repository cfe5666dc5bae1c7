#include "controller/authority/bundle.hpp"

#include <catch2/catch.hpp>

#include "controller/authority/root_key.hpp"
#include "protocol/ed25519.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;

namespace {

const TimePoint kNow = *scheduler::parse_rfc3339("2026-11-24T06:00:00Z");

struct Fixture {
  tests::TempFolder folder;
  CertificateAuthority authority = CertificateAuthority::open_or_create(folder / "ca", kNow);
  ControllerKeys keys = init_keys(folder / "root.pem", folder / "controller", "hue", kNow);
  BundleRequest request{"n-1", "PX-01", {"hue", "hue-19753"}, {"mqtts://localhost:8883"}, {"https://localhost:8443"}};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a bundle holds all that a node joins with, and comes back from its file unchanged") {
  const auto made = make_bundle(authority, keys, request, kNow);
  const auto read = protocol::decode_bundle(protocol::encode(made.bundle));
  REQUIRE(read.has_value());
  CHECK(*read == made.bundle);
  CHECK(read->node == "n-1");
  CHECK(read->root_key == keys.root);
  CHECK(read->key_set == keys.key_set_jws);
  CHECK(read->ca_pem == authority.certificate_pem());
  const auto signing = protocol::PrivateKey::from_pem(read->signing_key_pem);
  REQUIRE(signing.has_value());
  CHECK(signing->public_key() == made.signing_key);
  CHECK(read->signing_key_pem != read->tls_key_pem);
  const auto certificate = certificate_from_pem(read->tls_certificate_pem);
  const auto key = private_key_from_pem(read->tls_key_pem);
  REQUIRE((certificate && key));
  CHECK(X509_check_private_key(certificate.get(), key.get()) == 1);
}

TEST_CASE_METHOD(Fixture, "each bundle has keys and a certificate of its own") {
  const auto one = make_bundle(authority, keys, request, kNow);
  const auto two = make_bundle(authority, keys, request, kNow);
  CHECK(one.signing_key != two.signing_key);
  CHECK(one.serial != two.serial);
}

TEST_CASE_METHOD(Fixture, "a request that no node could use is refused by field") {
  struct Row {
    void (*spoil)(BundleRequest&);
    const char* says;
  };
  const Row rows[] = {
      {[](BundleRequest& r) { r.node = "n 1"; }, "node: not an id"},
      {[](BundleRequest& r) { r.code.clear(); }, "code: empty"},
      {[](BundleRequest& r) { r.areas.clear(); }, "areas: one to eight"},
      {[](BundleRequest& r) { r.areas[0] = "Huế"; }, "areas: not an area id"},
      {[](BundleRequest& r) { r.brokers.clear(); }, "brokers: one to three"},
      {[](BundleRequest& r) { r.brokers.resize(4, r.brokers[0]); }, "brokers: one to three"},
      {[](BundleRequest& r) { r.brokers[0] = "mqtt://h:1883"; }, "scheme is not mqtts"},
      {[](BundleRequest& r) { r.files.clear(); }, "files: one to three"},
      {[](BundleRequest& r) { r.files[0] = "http://h"; }, "files: not an https address"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.says);
    BundleRequest spoilt = request;
    row.spoil(spoilt);
    CHECK_THROWS_WITH(make_bundle(authority, keys, spoilt, kNow), Catch::Contains(row.says));
  }
}
