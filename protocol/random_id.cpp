#include "protocol/random_id.hpp"

#include <openssl/rand.h>

#include <array>
#include <stdexcept>

#include "protocol/base64url.hpp"

namespace loa::protocol {
namespace {

using Random128 = std::array<unsigned char, 16>;

Random128 random_bytes() {
  Random128 bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("the system gives no random bytes");
  }
  return bytes;
}

}  // namespace

std::string random_id(std::string_view prefix) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id{prefix};
  id += '-';
  unsigned held = 0;
  int bits = 0;
  for (unsigned char byte : random_bytes()) {
    held = (held << 8 | byte) & 0xfffU;
    for (bits += 8; bits >= 5; bits -= 5) id += kAlphabet[(held >> (bits - 5)) & 31U];
  }
  id += kAlphabet[(held << (5 - bits)) & 31U];
  return id;
}

std::string random_nonce() {
  const Random128 bytes = random_bytes();
  return to_base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool is_nonce(std::string_view text) {
  const auto bytes = from_base64url(text);
  return bytes && bytes->size() == sizeof(Random128);
}

}  // namespace loa::protocol
