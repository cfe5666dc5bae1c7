#include "protocol/ed25519.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <stdexcept>

#include "protocol/base64url.hpp"

namespace loa::protocol {
namespace {

using Bio = std::unique_ptr<BIO, int (*)(BIO*)>;
using Digest = std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)>;

void must(int openssl_result) {
  if (openssl_result != 1) throw std::runtime_error("Ed25519 failed in OpenSSL");
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// An empty passphrase, so that an encrypted key is refused and no terminal is asked.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string to_text(const PublicKey& key) {
  return to_base64url({reinterpret_cast<const char*>(key.data()), key.size()});
}

Result<PublicKey> public_key_from_text(std::string_view text) {
  const auto bytes = from_base64url(text);
  PublicKey key;
  if (!bytes || bytes->size() != key.size()) {
    return Refusal{RefusalCode::malformed, "", "an Ed25519 public key is 43 characters of base64url"};
  }
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

void PrivateKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

PrivateKey PrivateKey::generate() {
  Handle key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  if (!key) throw std::runtime_error("Ed25519 key generation failed in OpenSSL");
  return PrivateKey{std::move(key)};
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  const Refusal no_key{RefusalCode::malformed, "", "not an unencrypted Ed25519 private key in PEM"};
  if (pem.empty()) return no_key;  // an empty text without a place is no buffer to OpenSSL
  const Bio bio{BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 20))),
                &BIO_free};
  if (!bio) throw std::bad_alloc{};
  Handle key{PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr)};
  ERR_clear_error();
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) return no_key;
  return PrivateKey{std::move(key)};
}

std::string PrivateKey::to_pem() const {
  const Bio bio{BIO_new(BIO_s_mem()), &BIO_free};
  if (!bio) throw std::bad_alloc{};
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr));
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

PublicKey PrivateKey::public_key() const {
  PublicKey key;
  std::size_t length = key.size();
  must(EVP_PKEY_get_raw_public_key(key_.get(), key.data(), &length));
  return key;
}

std::string PrivateKey::sign(std::string_view bytes) const {
  const Digest context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (!context) throw std::bad_alloc{};
  must(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()));
  std::string signature(64, '\0');
  std::size_t length = signature.size();
  must(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                      bytes_of(bytes), bytes.size()));
  return signature;
}

bool verify(const PublicKey& key, std::string_view bytes, std::string_view signature) {
  if (signature.size() != 64) return false;
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> handle{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()), &EVP_PKEY_free};
  const Digest context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (!handle || !context) throw std::bad_alloc{};
  must(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()));
  const int verdict =
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes), bytes.size());
  ERR_clear_error();
  return verdict == 1;
}

}  // namespace loa::protocol
