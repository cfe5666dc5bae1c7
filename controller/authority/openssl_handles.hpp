#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace loa::authority {

struct FreeOpenssl {
  void operator()(BIO* object) const { BIO_free(object); }
  void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  void operator()(X509* object) const { X509_free(object); }
  void operator()(X509_REQ* object) const { X509_REQ_free(object); }
  void operator()(X509_CRL* object) const { X509_CRL_free(object); }
  void operator()(X509_REVOKED* object) const { X509_REVOKED_free(object); }
  void operator()(X509_EXTENSION* object) const { X509_EXTENSION_free(object); }
  void operator()(X509_STORE* object) const { X509_STORE_free(object); }
  void operator()(X509_STORE_CTX* object) const { X509_STORE_CTX_free(object); }
  void operator()(ASN1_STRING* object) const { ASN1_STRING_free(object); }  // also ASN1_INTEGER and ASN1_TIME
  void operator()(BIGNUM* object) const { BN_free(object); }
};

/// Owner of one OpenSSL object.
template <class T>
using Handle = std::unique_ptr<T, FreeOpenssl>;

/// Throws std::runtime_error: `what` and the oldest error of OpenSSL's queue, which is emptied.
[[noreturn]] void throw_openssl(const std::string& what);

/// Throws as throw_openssl unless `ok`.
inline void require(bool ok, const char* what) {
  if (!ok) throw_openssl(what);
}

/// The first certificate, CRL, request for a certificate or private key of a PEM text; null where there is none.
Handle<X509> certificate_from_pem(const std::string& pem);
Handle<X509_CRL> crl_from_pem(const std::string& pem);
Handle<X509_REQ> request_from_pem(const std::string& pem);
Handle<EVP_PKEY> private_key_from_pem(const std::string& pem);

/// All of them, in their order.
std::vector<Handle<X509>> certificates_from_pem(const std::string& pem);
std::vector<Handle<X509_CRL>> crls_from_pem(const std::string& pem);

std::string to_pem(X509* certificate);
std::string to_pem(X509_CRL* crl);
std::string to_pem(EVP_PKEY* key);  ///< PKCS#8, not encrypted

/// A certificate's serial number in lower-case hex, as CertificateAuthority names it.
std::string serial_of(X509* certificate);

/// Seconds since the epoch of a certificate's or CRL's time; throws where it is none.
std::int64_t to_seconds(const ASN1_TIME* time);

}  // namespace loa::authority
