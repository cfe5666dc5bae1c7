#include "controller/media/transcode/byte_window.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace loa::media {

namespace {

constexpr std::size_t kWindow = 64 << 10;

}  // namespace

ByteWindow::ByteWindow(int file) : file_(file) {
  struct stat info {};
  if (::fstat(file, &info) != 0) throw std::system_error(errno, std::generic_category(), "the file");
  size_ = static_cast<std::uint64_t>(info.st_size);
}

std::string_view ByteWindow::at(std::uint64_t offset, std::size_t count) {
  count = std::min(count, kWindow);
  if (offset >= size_) return {};
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
  if (offset < begin_ || offset + count > begin_ + window_.size()) {
    window_.resize(kWindow);
    begin_ = offset;
    std::size_t filled = 0;
    while (filled < kWindow) {
      const auto got = ::pread(file_, window_.data() + filled, kWindow - filled, static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw std::system_error(errno, std::generic_category(), "the file");
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    window_.resize(filled);
  }
  const auto from = static_cast<std::size_t>(offset - begin_);
  if (from >= window_.size()) return {};
  return std::string_view(window_.data(), window_.size()).substr(from, count);
}

std::uint8_t ByteWindow::u8(std::uint64_t offset) {
  const auto got = at(offset, 1);
  return got.empty() ? 0 : static_cast<std::uint8_t>(got[0]);
}

namespace {

template <class T>
T number(std::string_view bytes, bool big) {
  if (bytes.size() < sizeof(T)) return 0;
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[big ? i : sizeof(T) - 1 - i]);
    value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | byte);
  }
  return value;
}

}  // namespace

std::uint32_t ByteWindow::le32(std::uint64_t offset) { return number<std::uint32_t>(at(offset, 4), false); }
std::uint16_t ByteWindow::le16(std::uint64_t offset) { return number<std::uint16_t>(at(offset, 2), false); }
std::uint32_t ByteWindow::be32(std::uint64_t offset) { return number<std::uint32_t>(at(offset, 4), true); }
std::uint64_t ByteWindow::be64(std::uint64_t offset) { return number<std::uint64_t>(at(offset, 8), true); }
std::uint64_t ByteWindow::le64(std::uint64_t offset) { return number<std::uint64_t>(at(offset, 8), false); }

}  // namespace loa::media
