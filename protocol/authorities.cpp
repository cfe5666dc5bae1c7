#include "protocol/authorities.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "protocol/base64url.hpp"
#include "protocol/hash.hpp"

namespace loa::protocol {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Handle = std::unique_ptr<T, Free>;

int no_pass_phrase(char*, int, int, void*) { return -1; }

Handle<X509> from_der(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  Handle<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const bool whole = certificate && at == reinterpret_cast<const unsigned char*>(der.data()) + der.size();
  ERR_clear_error();
  return whole ? std::move(certificate) : nullptr;
}

Handle<X509> from_pem(std::string_view pem) {
  const Handle<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Handle<X509>(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
}

std::string to_pem(X509* certificate) {
  const Handle<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate) != 1) throw std::bad_alloc();
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<std::string> authorities_pem(const KeySet& set) {
  std::string pem;
  if (!set.authorities) return pem;
  for (std::size_t index = 0; index < set.authorities->size(); ++index) {
    const auto refuse = [index](const char* message) {
      return Refusal{RefusalCode::malformed, "/authorities/" + std::to_string(index), message};
    };
    const auto der = from_base64url((*set.authorities)[index]);
    const auto certificate = der ? from_der(*der) : nullptr;
    if (!certificate) return refuse("not one certificate in DER");
    if (X509_check_ca(certificate.get()) != 1) return refuse("not the certificate of an authority");
    pem += to_pem(certificate.get());
  }
  return pem;
}

std::vector<AuthorityFacts> authority_facts(const KeySet& set) {
  std::vector<AuthorityFacts> facts;
  for (const auto& text : set.authorities.value_or(std::vector<std::string>{})) {
    const auto der = from_base64url(text);
    const auto certificate = der ? from_der(*der) : nullptr;
    if (!certificate) continue;
    char name[65] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
    std::tm parts{};
    ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts);
    facts.push_back({name, sha256_hex(*der), scheduler::from_ms(std::int64_t{timegm(&parts)} * 1000)});
  }
  return facts;
}

std::string issuer_name(std::string_view pem) {
  const auto certificate = from_pem(pem);
  ERR_clear_error();
  char name[65] = {};
  if (certificate) X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate.get()), NID_commonName, name, sizeof name);
  return name;
}

bool is_by(std::string_view pem, std::string_view authority) {
  const auto der = from_base64url(authority);
  const auto by = der ? from_der(*der) : nullptr;
  const auto certificate = from_pem(pem);
  const bool signed_by = by && certificate && X509_verify(certificate.get(), X509_get0_pubkey(by.get())) == 1;
  ERR_clear_error();
  return signed_by;
}

Result<std::string> authority_text(std::string_view pem) {
  const auto certificate = from_pem(pem);
  unsigned char* der = nullptr;
  const int size = certificate ? i2d_X509(certificate.get(), &der) : 0;
  ERR_clear_error();
  if (size <= 0) return Refusal{RefusalCode::malformed, "", "no certificate in PEM"};
  std::string text = to_base64url({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return text;
}

}  // namespace loa::protocol
