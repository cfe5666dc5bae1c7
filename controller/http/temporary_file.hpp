#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace loa::http {

/// A file that is written once and removed when its owner goes, unless someone took it over.
class TemporaryFile {
 public:
  /// Makes `path` (mode 0600), which must not exist yet; throws std::system_error where that fails.
  explicit TemporaryFile(std::filesystem::path path);
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;

  /// Appends all of `bytes`; throws std::system_error where the disk refuses.
  void append(std::string_view bytes);
  /// Ends the writing; throws std::system_error where the disk refuses late.
  void close();
  /// Hands the file over: it stays, and the caller removes it.
  std::filesystem::path release();
  const std::filesystem::path& path() const { return x_path; }
  std::uint64_t size() const { return x_size; }

 private:
  void discard() noexcept;

  std::filesystem::path x_path;
  int x_descriptor = -1;
  std::uint64_t x_size = 0;
};

}  // namespace loa::http
