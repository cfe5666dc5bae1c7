#include "protocol/link_tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <stdexcept>

#include "scheduler/seconds.hpp"

namespace loa::protocol {

namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeX509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeX509>;

[[noreturn]] void refuse(const std::string& what) {
  const std::string error = take_ssl_error();
  throw std::invalid_argument("TLS: " + what + (error.empty() ? "" : ": " + error));
}

Bio reader(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

// Without a callback OpenSSL would ask for a pass phrase at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Certificate next_certificate(BIO* bio) {
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return certificate;
}

void trust(SSL_CTX* context, const std::string& ca_pem) {
  const Bio bio = reader(ca_pem);
  int count = 0;
  while (const Certificate ca = next_certificate(bio.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) != 1) refuse("CA certificate");
    ++count;
  }
  if (count == 0) refuse("no CA certificate in the PEM given");
}

void identify(SSL_CTX* context, const TlsIdentity& identity) {
  const Bio bio = reader(identity.certificate_pem);
  const Certificate own = next_certificate(bio.get());
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) refuse("no own certificate in the PEM given");
  while (const Certificate above = next_certificate(bio.get()))
    if (SSL_CTX_add1_chain_cert(context, above.get()) != 1) refuse("chain of the own certificate");
  const Bio key_bio = reader(identity.key_pem);
  const std::unique_ptr<EVP_PKEY, FreeKey> key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) refuse("no private key in the PEM given");
  if (SSL_CTX_check_private_key(context) != 1) refuse("key and certificate do not belong together");
}

void expect_peer(SSL_CTX* context, const std::string& host, std::optional<scheduler::TimePoint> time) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_ip = X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
  if (!is_ip && X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) != 1) refuse("host name " + host);
  ERR_clear_error();
  // Dates beyond time_t's range are not checked either.
  if (const auto seconds = time ? scheduler::seconds_as<std::time_t>(*time) : std::nullopt)
    X509_VERIFY_PARAM_set_time(param, *seconds);
  else
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
}

}  // namespace

SslContext make_client_context(const TlsIdentity& identity, const std::string& host,
                               std::optional<scheduler::TimePoint> time) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) refuse("no TLS context");
  trust(context.get(), identity.ca_pem);
  identify(context.get(), identity);
  expect_peer(context.get(), host, time);
  return context;
}

std::string take_ssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "";
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "error " + std::to_string(code);
}

}  // namespace loa::protocol
