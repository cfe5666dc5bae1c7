#include "controller/api/passwords.hpp"

#include <sodium.h>

#include <array>
#include <stdexcept>

#include "protocol/hash.hpp"

namespace loa::api {
namespace {

void start_sodium() {
  static const int started = sodium_init();
  if (started < 0) throw std::runtime_error("libsodium does not start");
}

}  // namespace

std::string hash_password(std::string_view password, const PasswordCost& cost) {
  start_sodium();
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (crypto_pwhash_str(hash.data(), password.data(), password.size(), cost.operations, cost.memory) != 0)
    throw std::runtime_error("not enough memory to hash a password");
  return hash.data();
}

bool fits(std::string_view password, const std::string& hash, const PasswordCost& cost) {
  start_sodium();
  if (hash.empty()) {
    // The work of a real comparison, so that the time does not tell which users exist.
    hash_password(password, cost);
    return false;
  }
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

std::string random_token() {
  start_sodium();
  std::array<char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return protocol::to_hex({bytes.data(), bytes.size()});
}

}  // namespace loa::api
