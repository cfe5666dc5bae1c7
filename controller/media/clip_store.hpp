#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/media/clip.hpp"
#include "controller/media/sha256.hpp"

namespace loa::media {

/// True for 64 lower-case hexadecimal digits: the only names that ever become a path.
bool is_clip_name(std::string_view sha256);

/// The folder of finished clips, `{sha256}.opus` each, immutable; beside it `tmp/` on the same file system
/// for work in hand. Any thread may call it: a clip appears by one rename and never changes. Throws
/// std::system_error when the disk fails.
class ClipStore {
 public:
  /// Makes the folders where they are missing and empties `tmp/`, so only one process may own a store.
  explicit ClipStore(std::filesystem::path root);

  /// Takes a finished file of work_file() into the store under the hash of its bytes: fsync, rename, fsync of
  /// the folder. The same bytes twice are one clip. Returns the hash.
  std::string take(const std::filesystem::path& finished);
  /// Where the clip lies; nothing when the name is not one or the clip is not there. For HTTP: serve this
  /// file.
  std::optional<std::filesystem::path> path_of(std::string_view sha256) const;
  bool exists(std::string_view sha256) const { return path_of(sha256).has_value(); }
  /// Bytes of the clip; nothing when it is not there.
  std::optional<std::uint64_t> size(std::string_view sha256) const;
  /// Reads the clip and compares: false when it is not there or its bytes do not match its name.
  bool verify(std::string_view sha256) const;
  /// Removes a clip that nothing names any more; false when it was not there.
  bool remove(std::string_view sha256);
  /// A new name in `tmp/` for work in hand (an upload on its way too); the caller makes and removes the file.
  std::filesystem::path work_file(std::string_view suffix) const;
  const std::filesystem::path& root() const { return root_; }

 private:
  std::filesystem::path root_;
};

}  // namespace loa::media
