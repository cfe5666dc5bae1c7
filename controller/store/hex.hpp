#pragma once
#include <array>
#include <stdexcept>
#include <string>

/// Bytes as lower-case hex: inside the store only.
namespace loa::store {

template <std::size_t N>
std::string to_hex(const std::array<unsigned char, N>& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

/// Throws std::runtime_error where the text is not exactly N bytes of hex.
template <std::size_t N>
void from_hex(const std::string& text, std::array<unsigned char, N>& bytes) {
  static const std::string digits = "0123456789abcdef";
  if (text.size() != 2 * N || text.find_first_not_of(digits) != std::string::npos)
    throw std::runtime_error("store: not " + std::to_string(N) + " bytes of hex: " + text);
  for (std::size_t i = 0; i < N; ++i)
    bytes[i] = static_cast<unsigned char>(digits.find(text[2 * i]) * 16 + digits.find(text[2 * i + 1]));
}

}  // namespace loa::store
