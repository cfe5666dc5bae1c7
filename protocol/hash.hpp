#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace loa::protocol {

/// SHA-256 (FIPS 180-4) of bytes that come in pieces. One thread at a time.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  /// The digest as 64 lower-case hex characters; call once, last.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// Lower-case hex of `bytes`.
std::string to_hex(std::string_view bytes);

/// SHA-256 of `bytes` as 64 lower-case hex characters.
std::string sha256_hex(std::string_view bytes);

/// SHA-256 of a file's bytes as 64 lower-case hex characters, read in pieces of 64 KiB; throws
/// std::system_error where it cannot be read.
std::string sha256_hex_of_file(const std::filesystem::path& file);

/// Whether `text` is 64 lower-case hex characters.
bool is_sha256_hex(std::string_view text);

}  // namespace loa::protocol
