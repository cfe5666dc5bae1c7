#include "controller/api/one_time_codes.hpp"

#include <liboath/oath.h>
#include <sodium.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "protocol/hash.hpp"

namespace loa::api {
namespace {

constexpr std::size_t kSecretBytes = 20;
constexpr unsigned kStepSeconds = 30;
constexpr std::size_t kWindow = 1;  // steps before and after: a phone's clock may be half a minute off
constexpr std::size_t kDigits = 6;
constexpr int kRecoveryCodes = 10;
constexpr std::size_t kRecoveryLength = 24;                                       // of 5 bits each
constexpr std::string_view kRecoveryLetters = "abcdefghjkmnpqrstuvwxyz023456789";  // 32, without i, l, o and 1

void start() {
  static const bool started = sodium_init() >= 0 && oath_init() == OATH_OK;
  if (!started) throw std::runtime_error("libsodium or liboath does not start");
}

std::string base32(const std::string& bytes) {
  char* out = nullptr;
  std::size_t length = 0;
  if (oath_base32_encode(bytes.data(), bytes.size(), &out, &length) != OATH_OK) throw std::bad_alloc();
  const std::unique_ptr<char, decltype(&std::free)> owner(out, &std::free);
  std::string text(out, length);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::string escaped(const std::string& text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += hex[c >> 4];
      out += hex[c & 15];
    }
  }
  return out;
}

std::string in_groups(const std::string& text, char separator) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && i % 4 == 0) out += separator;
    out += text[i];
  }
  return out;
}

}  // namespace

std::string new_secret() {
  start();
  std::string secret(kSecretBytes, '\0');
  randombytes_buf(secret.data(), secret.size());
  return secret;
}

std::string typed_secret(const std::string& secret) { return in_groups(base32(secret), ' '); }

std::string secret_uri(const std::string& secret, const std::string& issuer, const std::string& account) {
  return "otpauth://totp/" + escaped(issuer) + ":" + escaped(account) + "?secret=" + base32(secret) + "&issuer=" + escaped(issuer) +
         "&algorithm=SHA1&digits=6&period=30";
}

bool is_time_code(std::string_view code) {
  return code.size() == kDigits && std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> step_of_code(const std::string& secret, std::string_view code, scheduler::TimePoint now) {
  start();
  const auto seconds = scheduler::to_ms(now) / 1000;
  if (!is_time_code(code) || secret.empty() || seconds < 0) return {};
  int position = 0;
  std::uint64_t step = 0;
  const int found = oath_totp_validate4(secret.data(), secret.size(), static_cast<time_t>(seconds), kStepSeconds, 0, kWindow, &position, &step, 0,
                                        std::string(code).c_str());
  if (found < 0) return {};
  return static_cast<std::int64_t>(step);
}

std::vector<std::string> new_recovery_codes() {
  start();
  std::vector<std::string> codes;
  for (int i = 0; i < kRecoveryCodes; ++i) {
    std::string code;
    for (std::size_t j = 0; j < kRecoveryLength; ++j) code += kRecoveryLetters[randombytes_uniform(kRecoveryLetters.size())];
    codes.push_back(in_groups(code, '-'));
  }
  return codes;
}

std::string recovery_hash(std::string_view code) {
  std::string letters;
  for (char c : code) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-' || c == ' ') continue;
    if (kRecoveryLetters.find(c) == std::string_view::npos) return {};
    letters += c;
  }
  return letters.size() == kRecoveryLength ? protocol::sha256_hex(letters) : "";
}

}  // namespace loa::api
