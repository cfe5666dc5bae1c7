#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace loa::media {

/// Reads an open file here and there through one 64 KiB window, whatever its position is. Throws std::system_error when it cannot be read.
class ByteWindow {
 public:
  /// `file` stays the caller's and open.
  explicit ByteWindow(int file);
  std::uint64_t size() const { return size_; }
  /// `count` (at most 64 KiB) bytes from `offset`, fewer at the end; valid until the next call.
  std::string_view at(std::uint64_t offset, std::size_t count);
  /// Numbers at an offset, zero beyond the end.
  std::uint8_t u8(std::uint64_t offset);
  std::uint32_t le32(std::uint64_t offset);
  std::uint16_t le16(std::uint64_t offset);
  std::uint32_t be32(std::uint64_t offset);
  std::uint64_t be64(std::uint64_t offset);
  std::uint64_t le64(std::uint64_t offset);

 private:
  int file_;
  std::uint64_t size_ = 0;
  std::uint64_t begin_ = 0;
  std::vector<char> window_;
};

}  // namespace loa::media
