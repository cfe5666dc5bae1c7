#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace loa::recovery {

/// A file being written under its final name, which nobody may have: mode 0600, no link followed. Throws std::system_error with the path where
/// the disk fails; not closed by finish() it is not promised to be on the disk.
class NewFile {
 public:
  explicit NewFile(std::filesystem::path path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  void write(std::string_view bytes);
  /// On the disk when this returns.
  void finish();

 private:
  [[noreturn]] void fail() const;
  std::filesystem::path x_path;
  int x_file = -1;
};

/// A regular file being read; a link is not followed. Throws std::system_error with the path; std::runtime_error where it is no file.
class OpenFile {
 public:
  explicit OpenFile(std::filesystem::path path);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  std::int64_t bytes() const { return x_bytes; }
  /// The next bytes, at most `most`; 0 at the end.
  std::size_t read(char* to, std::size_t most);

 private:
  std::filesystem::path x_path;
  int x_file = -1;
  std::int64_t x_bytes = 0;
};

/// A folder of work in hand, `.NAME.WORD` beside `final`, emptied, mode 0700, and this program's alone while this lives; what a killed run left there is
/// taken over. Removed at the end unless it was renamed to `final`.
class WorkFolder {
 public:
  /// Throws std::runtime_error where another program works there now, std::system_error or filesystem_error where it cannot be made.
  WorkFolder(const std::filesystem::path& final, const std::string& word);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return x_path; }
  /// Everything in it onto the disk, then one rename to `final`, which must be missing or an empty folder, then the folder above onto the disk.
  void become_final();

 private:
  std::filesystem::path x_final;
  std::filesystem::path x_path;
  int x_folder = -1;
  bool x_done = false;
};

/// Puts the folder itself on the disk.
void sync_folder(const std::filesystem::path& folder);
/// Puts all folders at and below it on the disk; its files must be there already.
void sync_folders(const std::filesystem::path& folder);
/// Bytes that may still be written where `folder` lies.
std::int64_t free_bytes(const std::filesystem::path& folder);

}  // namespace loa::recovery
