#include "protocol/hash.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace loa::protocol {
namespace {

void must(int openssl_result) {
  if (openssl_result != 1) throw std::runtime_error("SHA-256 failed in OpenSSL");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
  if (!context_) throw std::bad_alloc{};
  must(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(std::string_view bytes) {
  must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest;
  must(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_hex_of_file(const std::filesystem::path& file) {
  const auto broken = [&] {
    return std::system_error{errno, std::generic_category(), "cannot read " + file.string()};
  };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream{std::fopen(file.c_str(), "rbe"), &std::fclose};
  if (!stream) throw broken();
  Sha256 hash;
  std::string piece(64 * 1024, '\0');
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), stream.get())) {
    hash.update({piece.data(), count});
  }
  if (std::ferror(stream.get()) != 0) throw broken();
  return hash.hex();
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace loa::protocol
