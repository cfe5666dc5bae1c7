#include "controller/authority/certificates.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "controller/authority/files.hpp"
#include "controller/authority/foreign_authorities.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "protocol/authorities.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = *scheduler::parse_rfc3339("2026-11-24T06:00:00Z");

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

Handle<EVP_PKEY> new_key(const char* curve) { return Handle<EVP_PKEY>(EVP_EC_gen(curve)); }

/// A request as a board makes it.
std::string request_of(EVP_PKEY* key, const std::string& name) {
  const Handle<X509_REQ> csr(X509_REQ_new());
  X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr.get()), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_REQ_set_pubkey(csr.get(), key);
  REQUIRE(X509_REQ_sign(csr.get(), key, EVP_sha256()) > 0);
  const Handle<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(bio.get(), csr.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// X509_V_OK or why the chain does not hold at `time`, with the CRL of the authority at that time.
int verify(const CertificateAuthority& authority, const std::string& pem, TimePoint time, const std::string& crl_pem) {
  const Handle<X509_STORE> store(X509_STORE_new());
  const auto ca = certificate_from_pem(authority.certificate_pem());
  const auto crl = crl_from_pem(crl_pem);
  X509_STORE_add_cert(store.get(), ca.get());
  X509_STORE_add_crl(store.get(), crl.get());
  const auto certificate = certificate_from_pem(pem);
  const Handle<X509_STORE_CTX> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(time));
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_CRL_CHECK);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

struct Fixture {
  tests::TempFolder folder;
  CertificateAuthority authority = CertificateAuthority::open_or_create(folder / "ca", kNow);
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an authority is made once and found again, its key for the owner alone") {
  const auto again = CertificateAuthority::open_or_create(folder / "ca", kNow + 24h);
  CHECK(again.certificate_pem() == authority.certificate_pem());
  CHECK(mode_of(folder / "ca" / "ca.key") == 0600);
  CHECK(mode_of(folder / "ca") == 0700);
}

TEST_CASE_METHOD(Fixture, "what an authority issues holds for its purpose and its years") {
  const auto node = authority.issue_client("n-1", kNow);
  const auto crl = authority.make_crl(kNow);
  CHECK(verify(authority, node.certificate_pem, kNow, crl) == X509_V_OK);
  CHECK(verify(authority, node.certificate_pem, kNow - 1h, crl) == X509_V_OK);
  const TimePoint late = kNow + 5 * 365 * 24h + 1h;
  CHECK(verify(authority, node.certificate_pem, late, authority.make_crl(late)) == X509_V_ERR_CERT_HAS_EXPIRED);
  const auto certificate = certificate_from_pem(node.certificate_pem);
  char name[65] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
  CHECK(std::string(name) == "n-1");
  CHECK(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1);
  CHECK(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_SERVER, 0) == 0);

  const auto server = certificate_from_pem(
      authority.issue_server("broker", {"loa.example", "10.1.2.3", "::1"}, kNow).certificate_pem);
  CHECK(X509_check_purpose(server.get(), X509_PURPOSE_SSL_SERVER, 0) == 1);
  CHECK(X509_check_host(server.get(), "loa.example", 0, 0, nullptr) == 1);
  CHECK(X509_check_ip_asc(server.get(), "10.1.2.3", 0) == 1);
  CHECK(X509_check_ip_asc(server.get(), "::1", 0) == 1);
  CHECK(X509_check_host(server.get(), "other.example", 0, 0, nullptr) == 0);
}

TEST_CASE_METHOD(Fixture, "what is given while the clock is ahead counts once it is right") {
  const auto crl = authority.make_crl(kNow);
  for (const auto ahead : {std::chrono::hours(7), std::chrono::hours(48), std::chrono::hours(400 * 24), std::chrono::hours(14 * 365 * 24)}) {
    CAPTURE(ahead.count());
    const auto key = new_key("P-256");
    CHECK(verify(authority, authority.issue_for_request(request_of(key.get(), "n-1"), "n-1", kNow + ahead).certificate_pem, kNow, crl) == X509_V_OK);
    CHECK(verify(authority, authority.issue_client("n-1", kNow + ahead).certificate_pem, kNow, crl) == X509_V_OK);
    CHECK(verify(authority, authority.issue_server("broker", {"localhost"}, kNow + ahead).certificate_pem, kNow, crl) == X509_V_OK);
  }
  const auto early = CertificateAuthority::open_or_create(folder / "early", kNow + 400 * 24h);
  CHECK(verify(early, early.issue_client("n-1", kNow + 400 * 24h).certificate_pem, kNow, early.make_crl(kNow)) == X509_V_OK);
}

TEST_CASE_METHOD(Fixture, "serial numbers differ and a certificate's own is the one returned") {
  const auto one = authority.issue_client("n-1", kNow);
  const auto two = authority.issue_client("n-1", kNow);
  CHECK(one.serial != two.serial);
  CHECK(one.serial.size() == 32);
  authority.revoke(one.serial, kNow);
  const auto crl = authority.make_crl(kNow);
  CHECK(verify(authority, one.certificate_pem, kNow, crl) == X509_V_ERR_CERT_REVOKED);
  CHECK(verify(authority, two.certificate_pem, kNow, crl) == X509_V_OK);
}

TEST_CASE_METHOD(Fixture, "a revocation outlives the process, and a CRL its life") {
  const auto one = authority.issue_client("n-1", kNow);
  authority.revoke(one.serial, kNow);
  authority.revoke(one.serial, kNow + 1h);
  const auto again = CertificateAuthority::open_or_create(folder / "ca", kNow);
  REQUIRE(again.revoked().size() == 1);
  CHECK(again.revoked()[0].at == kNow);
  const auto crl = again.make_crl(kNow);
  CHECK(verify(again, one.certificate_pem, kNow, crl) == X509_V_ERR_CERT_REVOKED);
  CHECK(verify(again, authority.issue_client("n-2", kNow).certificate_pem, kNow + kCrlLife + 1h, crl) ==
        X509_V_ERR_CRL_HAS_EXPIRED);
}

TEST_CASE_METHOD(Fixture, "names that could say more than a name are refused") {
  for (const char* bad : {"", "a b", "a,DNS:b", "*", "a/b", "email:x"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(authority.issue_server("broker", {bad}, kNow), std::invalid_argument);
  }
  CHECK_THROWS_AS(authority.issue_server("broker", {}, kNow), std::invalid_argument);
  for (const char* bad : {"", "n 1", "n/1", "+"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(authority.issue_client(bad, kNow), std::invalid_argument);
  }
  for (const char* bad : {"", "xyz", "AB", "00112233445566778899aabbccddeeff0011223344"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(authority.revoke(bad, kNow), std::invalid_argument);
  }
}

TEST_CASE_METHOD(Fixture, "what was revoked longer ago than a certificate counts is forgotten") {
  authority.revoke("0a", kNow);
  authority.revoke({"0b", "0c", "0b"}, kNow + 5 * 365 * 24h);
  CHECK(authority.revoked().size() == 3);
  authority.revoke("0d", kNow + 5 * 365 * 24h + 25h);
  REQUIRE(authority.revoked().size() == 3);
  CHECK(authority.revoked()[0].serial == "0b");
}

TEST_CASE_METHOD(Fixture, "a board's own key gets a certificate, and nothing else does") {
  const auto key = new_key("P-256");
  const auto issued = authority.issue_for_request(request_of(key.get(), "n-1"), "n-1", kNow);
  CHECK(issued.key_pem.empty());
  CHECK(issued.not_after == kNow + 5 * 365 * 24h);
  CHECK(verify(authority, issued.certificate_pem, kNow, authority.make_crl(kNow)) == X509_V_OK);
  const auto certificate = certificate_from_pem(issued.certificate_pem);
  CHECK(X509_check_private_key(certificate.get(), key.get()) == 1);
  CHECK(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) == 1);
  CHECK(X509_check_ca(certificate.get()) == 0);

  auto spoilt = request_of(key.get(), "n-1");
  spoilt[spoilt.size() / 2] = spoilt[spoilt.size() / 2] == 'A' ? 'B' : 'A';
  const std::tuple<const char*, std::string, const char*> rows[] = {
      {"no PEM", "text", "not a request"},
      {"a certificate", authority.issue_client("n-1", kNow).certificate_pem, "not a request"},
      {"another name", request_of(key.get(), "n-2"), "names another than n-1"},
      {"the controller's name", request_of(key.get(), "controller"), "names another than n-1"},
      {"another curve", request_of(new_key("P-384").get(), "n-1"), "no P-256 key"},
  };
  for (const auto& [name, csr, says] : rows) {
    CAPTURE(name);
    CHECK_THROWS_WITH(authority.issue_for_request(csr, "n-1", kNow), Catch::Contains(says));
  }
  CHECK_THROWS_AS(authority.issue_for_request(spoilt, "n-1", kNow), std::invalid_argument);
}

TEST_CASE_METHOD(Fixture, "by whom a certificate is stands in it, and its signature shows whether that is true") {
  const auto other = CertificateAuthority::open_or_create(folder / "other", kNow);
  const auto text = [](const CertificateAuthority& by) { return protocol::authority_text(by.certificate_pem()).value(); };
  const auto pem = authority.issue_client("n-1", kNow).certificate_pem;
  CHECK(protocol::issuer_name(pem) == name_of_authority(authority.certificate_pem()));
  CHECK(protocol::issuer_name("text").empty());
  CHECK(protocol::is_by(pem, text(authority)));
  CHECK_FALSE(protocol::is_by(pem, text(other)));
  CHECK_FALSE(protocol::is_by(pem, "AAAA"));
  CHECK_FALSE(protocol::is_by("", text(authority)));
}

TEST_CASE("serial numbers are positive, in lower-case hex, and of twenty octets at most") {
  for (const char* good : {"01", "0a1b", "00112233445566778899aabbccddeeff00112233"}) CHECK(is_serial(good));
  for (const char* bad : {"", "-1", "AB", "xyz", "00", " 1", "00112233445566778899aabbccddeeff0011223344"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_serial(bad));
  }
}

TEST_CASE_METHOD(Fixture, "a certificate that was given is read with its serial and its end") {
  const auto issued = authority.issue_client("n-1", kNow);
  const auto read = authority.read_client(issued.certificate_pem, "n-1");
  CHECK(read.serial == issued.serial);
  CHECK(read.not_after == issued.not_after);
  CHECK_THROWS_WITH(authority.read_client(issued.certificate_pem, "n-2"), Catch::Contains("names another than n-2"));
}

TEST_CASE_METHOD(Fixture, "half an authority is said to be one") {
  const auto file = folder / "ca";
  SECTION("another key") {
    const auto other = CertificateAuthority::open_or_create(folder / "other", kNow);
    std::filesystem::copy_file(folder / "other" / "ca.key", file / "ca.key",
                               std::filesystem::copy_options::overwrite_existing);
    CHECK_THROWS_WITH(CertificateAuthority::open_or_create(file, kNow), Catch::Contains("is not the key of ca.pem"));
  }
  SECTION("no key") {
    std::filesystem::remove(file / "ca.key");
    CHECK_THROWS_WITH(CertificateAuthority::open_or_create(file, kNow), Catch::Contains("ca.key"));
  }
  SECTION("a spoilt list") {
    write_file(file / "revoked", "0011 123\nnonsense\n", 0600);
    CHECK_THROWS_WITH(CertificateAuthority::open_or_create(file, kNow), Catch::Contains("revoked:2: "));
  }
}

TEST_CASE_METHOD(Fixture, "a server's certificate is kept while it fits and has a year to go") {
  const auto keep = [&](std::vector<std::string> hosts, TimePoint now) {
    return keep_server_certificate(folder / "tls", "https", hosts, authority, now).certificate_pem;
  };
  const auto first = keep({"localhost"}, kNow);
  CHECK(keep({"localhost"}, kNow + 3 * 365 * 24h) == first);
  CHECK(mode_of(folder / "tls" / "https.key") == 0600);
  CHECK(keep({"localhost"}, kNow + 4 * 365 * 24h + 1h) != first);
  const auto second = keep({"localhost", "127.0.0.1"}, kNow);
  CHECK(keep({"127.0.0.1"}, kNow) == second);
  std::filesystem::remove(folder / "tls" / "https.key");
  CHECK(keep({"127.0.0.1"}, kNow) != second);
}

TEST_CASE_METHOD(Fixture, "a client's certificate is revoked before another takes its place, and a crash between the two loses neither") {
  const auto keep = [&](TimePoint now) { return keep_client_certificate(folder / "tls", "controller", authority, now); };
  const auto first = keep(kNow);
  const auto serial = certificate_serial(first.certificate_pem);
  const auto late = kNow + 4 * 365 * 24h + 1h;
  SECTION("the disk takes no other") {
    std::filesystem::rename(folder / "tls", folder / "aside");
    std::filesystem::create_directory(folder / "tls");
    std::filesystem::copy_file(folder / "aside/controller.pem", folder / "tls/controller.pem");
    std::filesystem::create_directories(folder / "tls/controller.key/full");
    CHECK_THROWS_AS(keep(late), std::system_error);
  }
  SECTION("the program died before it made another") { authority.revoke(serial, late); }
  SECTION("the program died between the key and the certificate") {
    authority.revoke(serial, late);
    write_file(folder / "tls/controller.key", authority.issue_client("controller", late).key_pem, 0600);
  }
  SECTION("nothing happened") {}
  if (std::filesystem::is_directory(folder / "tls/controller.key")) std::filesystem::remove_all(folder / "tls/controller.key");
  const auto second = keep(late);
  CHECK(second.certificate_pem != first.certificate_pem);
  CHECK(keep(late).certificate_pem == second.certificate_pem);
  REQUIRE(authority.revoked().size() == 1);
  CHECK(authority.revoked()[0].serial == serial);
}

TEST_CASE_METHOD(Fixture, "a certificate that does not count yet is not kept") {
  const auto far = kNow + 20 * 365 * 24h;  // beyond what authorities are dated back
  const auto other = CertificateAuthority::open_or_create(folder / "other", far);
  const auto keep = [&](TimePoint now) { return keep_server_certificate(folder / "tls", "https", {"localhost"}, other, now).certificate_pem; };
  const auto first = keep(far);
  CHECK(keep(far) == first);
  const auto second = keep(kNow);
  CHECK(second != first);
  CHECK(keep(kNow) == second);
}

TEST_CASE("a file is replaced whole or not at all, and a secret never overwritten") {
  tests::TempFolder folder;
  write_file(folder / "f", "one", 0600);
  write_file(folder / "f", "two", 0644);
  CHECK(read_file(folder / "f") == "two");
  CHECK(mode_of(folder / "f") == 0644);
  write_new_secret(folder / "s", "secret");
  CHECK(mode_of(folder / "s") == 0600);
  CHECK_THROWS_AS(write_new_secret(folder / "s", "other"), std::system_error);
  CHECK(read_file(folder / "s") == "secret");
  CHECK_THROWS_AS(write_file(folder / "none" / "f", "x", 0644), std::system_error);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}
