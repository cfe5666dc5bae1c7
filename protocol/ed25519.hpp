#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/refusal.hpp"

struct evp_pkey_st;

namespace loa::protocol {

/// An Ed25519 public key (RFC 8032) as its 32 bytes.
using PublicKey = std::array<unsigned char, 32>;

/// base64url of the key, 43 characters.
std::string to_text(const PublicKey& key);

/// The key that to_text wrote; refused as malformed otherwise.
Result<PublicKey> public_key_from_text(std::string_view text);

/// An Ed25519 private key; signs from any thread.
class PrivateKey {
 public:
  /// A new key from the system's randomness; throws where there is none.
  static PrivateKey generate();
  /// Reads an unencrypted PKCS#8 PEM (RFC 8410); refused as malformed where it is no Ed25519 key.
  static Result<PrivateKey> from_pem(std::string_view pem);
  /// Unencrypted PKCS#8 PEM; the caller keeps it in a file of mode 0600.
  std::string to_pem() const;
  PublicKey public_key() const;
  /// 64 bytes of signature (RFC 8032, pure Ed25519) over `bytes`.
  std::string sign(std::string_view bytes) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;
  explicit PrivateKey(Handle key) : key_{std::move(key)} {}
  Handle key_;
};

/// Whether `signature` is that of `bytes` by `key`. Any thread.
bool verify(const PublicKey& key, std::string_view bytes, std::string_view signature);

}  // namespace loa::protocol
