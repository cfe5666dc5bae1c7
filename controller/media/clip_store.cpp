#include "controller/media/clip_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <random>
#include <system_error>

namespace loa::media {

namespace fs = std::filesystem;

namespace {

void sync_to_disk(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path.string());
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0) throw std::system_error(error, std::generic_category(), path.string());
}

}  // namespace

bool is_clip_name(std::string_view sha256) {
  return sha256.size() == 64 && std::all_of(sha256.begin(), sha256.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

ClipStore::ClipStore(fs::path root) : root_(std::move(root)) {
  fs::remove_all(root_ / "tmp");
  fs::create_directories(root_ / "tmp");
}

std::string ClipStore::take(const fs::path& finished) {
  auto sha256 = sha256_of(finished);
  const auto name = root_ / (sha256 + ".opus");
  sync_to_disk(finished, 0);
  fs::rename(finished, name);
  sync_to_disk(root_, O_DIRECTORY);
  return sha256;
}

std::optional<fs::path> ClipStore::path_of(std::string_view sha256) const {
  if (!is_clip_name(sha256)) return {};
  auto path = root_ / (std::string(sha256) + ".opus");
  return fs::is_regular_file(path) ? std::optional(std::move(path)) : std::nullopt;
}

std::optional<std::uint64_t> ClipStore::size(std::string_view sha256) const {
  const auto path = path_of(sha256);
  return path ? std::optional<std::uint64_t>(fs::file_size(*path)) : std::nullopt;
}

bool ClipStore::verify(std::string_view sha256) const {
  const auto path = path_of(sha256);
  return path && sha256_of(*path) == sha256;
}

bool ClipStore::remove(std::string_view sha256) {
  const auto path = path_of(sha256);
  return path && fs::remove(*path);
}

fs::path ClipStore::work_file(std::string_view suffix) const {
  static constexpr char kDigits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::random_device random;
  std::string name;
  for (int i = 0; i < 20; ++i) name += kDigits[random() % 32];
  return root_ / "tmp" / (name + std::string(suffix));
}

}  // namespace loa::media
