#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <string>

namespace loa::api {

/// Seals what the database must keep but not show (libsodium's secretbox: XSalsa20 and Poly1305, a random nonce each) with the key of a
/// file beside the database: a copy of the database alone gives no secret away. Any thread.
class Sealing {
 public:
  /// Reads the key, or makes it (mode 0600, on disk before it is used); throws std::runtime_error with the file and the reason.
  explicit Sealing(const std::filesystem::path& file);
  ~Sealing();
  Sealing(const Sealing&) = delete;
  Sealing& operator=(const Sealing&) = delete;

  /// Hex of nonce and sealed text. `owner` goes into it: moved to another owner's row it does not open.
  std::string seal(const std::string& text, const std::string& owner) const;
  /// Nothing where it was sealed with another key or for another owner, or is damaged.
  std::optional<std::string> open(const std::string& sealed, const std::string& owner) const;

 private:
  std::array<unsigned char, 32> x_key{};
};

}  // namespace loa::api
