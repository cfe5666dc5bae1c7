#include "controller/store/hex.hpp"

#include <openssl/evp.h>

namespace loa::store {

std::string sha256_hex(const std::string& bytes) {
  std::array<unsigned char, 32> hash{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) != 1 || length != hash.size())
    throw std::runtime_error("OpenSSL cannot hash");
  return to_hex(hash);
}

}  // namespace loa::store
