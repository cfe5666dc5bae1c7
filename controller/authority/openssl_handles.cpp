#include "controller/authority/openssl_handles.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cctype>
#include <ctime>
#include <stdexcept>

namespace loa::authority {

namespace {

Handle<BIO> reader(const std::string& pem) {
  Handle<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  require(bio != nullptr, "memory");
  return bio;
}

Handle<BIO> writer() {
  Handle<BIO> bio(BIO_new(BIO_s_mem()));
  require(bio != nullptr, "memory");
  return bio;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// Without a callback OpenSSL would ask for a pass phrase at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

template <class T>
Handle<T> quietly(T* object) {
  ERR_clear_error();
  return Handle<T>(object);
}

}  // namespace

void throw_openssl(const std::string& what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  throw std::runtime_error("OpenSSL: " + what + (reason ? std::string(": ") + reason : ""));
}

Handle<X509> certificate_from_pem(const std::string& pem) {
  return quietly(PEM_read_bio_X509(reader(pem).get(), nullptr, no_pass_phrase, nullptr));
}

Handle<X509_CRL> crl_from_pem(const std::string& pem) {
  return quietly(PEM_read_bio_X509_CRL(reader(pem).get(), nullptr, no_pass_phrase, nullptr));
}

Handle<X509_REQ> request_from_pem(const std::string& pem) {
  return quietly(PEM_read_bio_X509_REQ(reader(pem).get(), nullptr, no_pass_phrase, nullptr));
}

Handle<EVP_PKEY> private_key_from_pem(const std::string& pem) {
  return quietly(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_pass_phrase, nullptr));
}

std::vector<Handle<X509>> certificates_from_pem(const std::string& pem) {
  std::vector<Handle<X509>> all;
  const auto bio = reader(pem);
  while (auto one = quietly(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr))) all.push_back(std::move(one));
  return all;
}

std::vector<Handle<X509_CRL>> crls_from_pem(const std::string& pem) {
  std::vector<Handle<X509_CRL>> all;
  const auto bio = reader(pem);
  while (auto one = quietly(PEM_read_bio_X509_CRL(bio.get(), nullptr, no_pass_phrase, nullptr))) all.push_back(std::move(one));
  return all;
}

std::string to_pem(X509* certificate) {
  const auto bio = writer();
  require(PEM_write_bio_X509(bio.get(), certificate) == 1, "certificate to PEM");
  return text_of(bio.get());
}

std::string to_pem(X509_CRL* crl) {
  const auto bio = writer();
  require(PEM_write_bio_X509_CRL(bio.get(), crl) == 1, "CRL to PEM");
  return text_of(bio.get());
}

std::string to_pem(EVP_PKEY* key) {
  const auto bio = writer();
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "key to PEM");
  return text_of(bio.get());
}

std::string serial_of(X509* certificate) {
  const Handle<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  require(number != nullptr, "serial");
  char* hex = BN_bn2hex(number.get());
  require(hex != nullptr, "serial");
  std::string text(hex);
  OPENSSL_free(hex);
  for (char& digit : text) digit = static_cast<char>(std::tolower(static_cast<unsigned char>(digit)));
  return text;
}

std::int64_t to_seconds(const ASN1_TIME* time) {
  std::tm parts{};
  require(time && ASN1_TIME_to_tm(time, &parts) == 1, "time");
  return timegm(&parts);
}

}  // namespace loa::authority
