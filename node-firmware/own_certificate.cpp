#include "node-firmware/own_certificate.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace loa::node {

namespace {

struct Free {
  void operator()(BIO* object) const { BIO_free(object); }
  void operator()(EVP_PKEY* object) const { EVP_PKEY_free(object); }
  void operator()(X509* object) const { X509_free(object); }
  void operator()(X509_REQ* object) const { X509_REQ_free(object); }
  void operator()(X509_STORE* object) const { X509_STORE_free(object); }
  void operator()(X509_STORE_CTX* object) const { X509_STORE_CTX_free(object); }
};
template <class T>
using Handle = std::unique_ptr<T, Free>;

void require(bool holds, const char* what) {
  ERR_clear_error();
  if (!holds) throw std::runtime_error(std::string("own certificate: OpenSSL: ") + what);
}

Handle<BIO> reader(const std::string& pem) { return Handle<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// Without a callback OpenSSL would ask for a pass phrase at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Handle<X509> next_certificate(BIO* bio) {
  Handle<X509> certificate(PEM_read_bio_X509(bio, nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return certificate;
}

Handle<EVP_PKEY> key_of(const std::string& pem) {
  Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  return key;
}

template <class Write>
std::string pem_of(Write write) {
  const Handle<BIO> bio(BIO_new(BIO_s_mem()));
  require(bio && write(bio.get()) == 1, "PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string common_name(X509* certificate) {
  char name[256] = {};
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return length < 0 ? std::string() : std::string(name, static_cast<std::size_t>(length));
}

std::optional<std::string> check_chain(X509* certificate, const std::string& ca_pem) {
  const Handle<X509_STORE> store(X509_STORE_new());
  const Handle<X509_STORE_CTX> context(X509_STORE_CTX_new());
  require(store && context, "memory");
  const auto bio = reader(ca_pem);
  while (const auto ca = next_certificate(bio.get())) require(X509_STORE_add_cert(store.get(), ca.get()) == 1, "CA certificate");
  require(X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr) == 1, "chain");
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
  const bool holds = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (holds) return std::nullopt;
  return std::string("not by the authority of the bundle: ") + X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

}  // namespace

std::string make_tls_key() {
  const Handle<EVP_PKEY> key(EVP_EC_gen("P-256"));
  require(key != nullptr, "new P-256 key");
  return pem_of([&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string make_csr(const std::string& key_pem, const std::string& name) {
  const auto key = key_of(key_pem);
  require(key != nullptr, "no private key in the PEM given");
  const Handle<X509_REQ> csr(X509_REQ_new());
  require(csr && X509_REQ_set_version(csr.get(), X509_REQ_VERSION_1) == 1, "request");
  require(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr.get()), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0) == 1,
          "common name");
  require(X509_REQ_set_pubkey(csr.get(), key.get()) == 1, "public key");
  require(X509_REQ_sign(csr.get(), key.get(), EVP_sha256()) > 0, "signing the request");
  return pem_of([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, csr.get()); });
}

std::optional<std::string> check_own_pair(const std::string& certificate_pem, const std::string& key_pem, const std::string& name) {
  const auto certificate = next_certificate(reader(certificate_pem).get());
  if (!certificate) return "not a certificate";
  const auto key = key_of(key_pem);
  const bool fits = key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) return "not a certificate of the key that was asked for";
  if (common_name(certificate.get()) != name) return "a certificate of another node, " + common_name(certificate.get());
  return std::nullopt;
}

std::optional<std::string> check_own_certificate(const std::string& certificate_pem, const std::string& key_pem, const std::string& ca_pem,
                                                 const std::string& name) {
  if (auto wrong = check_own_pair(certificate_pem, key_pem, name)) return wrong;
  return check_chain(next_certificate(reader(certificate_pem).get()).get(), ca_pem);
}

}  // namespace loa::node
