#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct archive;

namespace loa::recovery {

/// Writes files one after another into a tar stream (POSIX.1-2001 pax, plain ustar where that is enough). Throws std::runtime_error where the
/// other end fails. A stream that ends before finish() has no end mark and lacks files: a restore refuses it.
class TarWriter {
 public:
  /// To an open file descriptor, which stays open.
  explicit TarWriter(int to);
  /// Begins a file of exactly this size.
  void begin(const std::string& path, std::int64_t bytes);
  void write(std::string_view bytes);
  void finish();

 private:
  void check(long long result) const;
  struct Free {
    void operator()(archive* one) const;
  };
  std::unique_ptr<archive, Free> x_archive;
};

/// Reads a tar stream, uncompressed, that may be anybody's. Throws std::runtime_error where it is broken, and at everything that is not a plain file:
/// folders, links, devices, sparse files.
class TarReader {
 public:
  /// From an open file descriptor, which stays open; `name` is for messages.
  TarReader(int from, std::string name);
  /// The path of the next file, as it stands there; nothing at the end.
  std::optional<std::string> next();
  /// The next bytes of the file, at most `most`; 0 at its end.
  std::size_t read(char* to, std::size_t most);

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  struct Free {
    void operator()(archive* one) const;
  };
  std::unique_ptr<archive, Free> x_archive;
  std::string x_name;
  std::string x_path;
};

}  // namespace loa::recovery
