#include "controller/recovery/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "controller/recovery/disk.hpp"
#include "controller/recovery/manifest.hpp"
#include "controller/recovery/tar.hpp"

namespace loa::recovery {

namespace {

namespace fs = std::filesystem;

/// Reads what is left of a file, refusing more than the limit.
template <class Read>
std::string all_of(Read read, const std::string& what) {
  std::string text;
  std::string piece(64 * 1024, '\0');
  while (const auto got = read(piece.data(), piece.size())) {
    if (text.size() + got > kMostManifestBytes) throw std::runtime_error(fmt::format("{}: larger than {} bytes", what, kMostManifestBytes));
    text.append(piece, 0, got);
  }
  return text;
}

class FolderSource final : public BackupSource {
 public:
  explicit FolderSource(fs::path folder) : x_folder(std::move(folder)) {
    walk(x_folder, "");
    std::sort(x_paths.begin(), x_paths.end());
  }

  std::string manifest() override {
    const auto file = x_folder / kManifestFile;
    if (!fs::is_regular_file(fs::symlink_status(file)))
      throw std::runtime_error(fmt::format("{}: there is no {}: no backup, or one that was never finished", x_folder.string(), kManifestFile));
    OpenFile open(file);
    return all_of([&](char* to, std::size_t most) { return open.read(to, most); }, file.string());
  }
  std::optional<std::string> next() override {
    if (x_next == x_paths.size()) return std::nullopt;
    x_open = std::make_unique<OpenFile>(x_folder / x_paths[x_next]);
    return x_paths[x_next++];
  }
  std::size_t read(char* to, std::size_t most) override { return x_open->read(to, most); }

 private:
  void walk(const fs::path& folder, const std::string& below) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto path = below + entry.path().filename().string();
      const auto status = fs::symlink_status(entry.path());
      if (fs::is_directory(status)) {
        if (std::count(path.begin(), path.end(), '/') >= 16) throw std::runtime_error(entry.path().string() + ": too deep for a backup");
        walk(entry.path(), path + "/");
      } else if (!fs::is_regular_file(status)) {
        throw std::runtime_error(entry.path().string() + ": it is not a plain file");
      } else if (path != kManifestFile) {
        if (x_paths.size() >= kMostFiles) throw std::runtime_error(x_folder.string() + ": more files than a backup has");
        x_paths.push_back(path);
      }
    }
  }

  fs::path x_folder;
  std::vector<std::string> x_paths;
  std::size_t x_next = 0;
  std::unique_ptr<OpenFile> x_open;
};

class TarSource final : public BackupSource {
 public:
  TarSource(int from, bool own, const std::string& name) : x_file(from), x_own(own), x_name(name), x_tar(from, name) {}
  ~TarSource() override {
    if (x_own) ::close(x_file);
  }
  std::string manifest() override {
    if (const auto first = x_tar.next(); first != kManifestFile)
      throw std::runtime_error(fmt::format("{}: its first file is {}, not {}: no backup", x_name, first.value_or("missing"), kManifestFile));
    return all_of([&](char* to, std::size_t most) { return x_tar.read(to, most); }, x_name + ": " + kManifestFile);
  }
  std::optional<std::string> next() override { return x_tar.next(); }
  std::size_t read(char* to, std::size_t most) override { return x_tar.read(to, most); }

 private:
  int x_file;
  bool x_own;
  std::string x_name;
  TarReader x_tar;
};

}  // namespace

std::unique_ptr<BackupSource> open_source(const std::string& from) {
  if (from == "-") return std::make_unique<TarSource>(STDIN_FILENO, false, "standard input");
  if (fs::is_directory(from)) return std::make_unique<FolderSource>(from);
  const int opened = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) throw std::system_error(errno, std::generic_category(), from);
  return std::make_unique<TarSource>(opened, true, from);
}

}  // namespace loa::recovery
