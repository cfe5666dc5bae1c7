#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace loa::recovery {

/// A backup being read, file by file, from a folder or a stream. Nothing in it is trusted.
class BackupSource {
 public:
  virtual ~BackupSource() = default;
  /// The text of the manifest, at most kMostManifestBytes; call once, first. Throws std::runtime_error where there is none.
  virtual std::string manifest() = 0;
  /// The path of the next file, as it stands there; nothing at the end. Throws std::runtime_error at what is not a plain file.
  virtual std::optional<std::string> next() = 0;
  /// The next bytes of that file; 0 at its end.
  virtual std::size_t read(char* to, std::size_t most) = 0;
};

/// `from`: `-` for standard input, a folder, or a file with a tar stream. Throws std::runtime_error or std::system_error where it cannot be read.
std::unique_ptr<BackupSource> open_source(const std::string& from);

}  // namespace loa::recovery
