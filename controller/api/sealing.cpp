#include "controller/api/sealing.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "protocol/hash.hpp"

namespace loa::api {
namespace {

static_assert(crypto_secretbox_KEYBYTES == 32);

class File {
 public:
  File(const std::filesystem::path& path, int flags) : x_path(path), x_descriptor(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (x_descriptor < 0) fail("cannot open");
  }
  ~File() { ::close(x_descriptor); }
  [[noreturn]] void fail(const char* what) const { throw std::runtime_error(fmt::format("{} {}: {}", what, x_path.string(), std::strerror(errno))); }
  int operator*() const { return x_descriptor; }

 private:
  std::filesystem::path x_path;
  int x_descriptor;
};

void read_key(const std::filesystem::path& path, std::array<unsigned char, 32>& key) {
  const File file(path, O_RDONLY);
  struct ::stat info {};
  if (::fstat(*file, &info) != 0) file.fail("cannot read");
  if ((info.st_mode & 077) != 0) throw std::runtime_error(fmt::format("{} can be read by others: chmod 600 it", path.string()));
  std::array<unsigned char, 33> bytes{};
  const auto got = ::read(*file, bytes.data(), bytes.size());
  if (got != static_cast<ssize_t>(key.size())) throw std::runtime_error(fmt::format("{} is not a key of 32 bytes", path.string()));
  std::copy_n(bytes.begin(), key.size(), key.begin());
  sodium_memzero(bytes.data(), bytes.size());
}

// Under a name of its own first: a key that is only half on disk must not be taken for one.
void make_key(const std::filesystem::path& path, std::array<unsigned char, 32>& key) {
  randombytes_buf(key.data(), key.size());
  const auto temporary = path.string() + ".new";
  ::unlink(temporary.c_str());
  {
    const File file(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (::write(*file, key.data(), key.size()) != static_cast<ssize_t>(key.size()) || ::fsync(*file) != 0) file.fail("cannot write");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    throw std::runtime_error(fmt::format("cannot rename {}: {}", temporary, std::strerror(errno)));
  const File folder(path.parent_path(), O_RDONLY | O_DIRECTORY);
  if (::fsync(*folder) != 0) folder.fail("cannot write");
}

std::optional<std::vector<unsigned char>> from_hex(const std::string& hex) {
  std::vector<unsigned char> bytes(hex.size() / 2);
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &length, &end) != 0 || end != hex.data() + hex.size()) return {};
  bytes.resize(length);
  return bytes;
}

// Which owner it is for, told apart from the text by its length.
std::string bound(const std::string& text, const std::string& owner) { return std::to_string(owner.size()) + ":" + owner + text; }

}  // namespace

Sealing::Sealing(const std::filesystem::path& file) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  if (std::filesystem::exists(std::filesystem::symlink_status(file)))
    read_key(file, x_key);
  else
    make_key(file, x_key);
}

Sealing::~Sealing() { sodium_memzero(x_key.data(), x_key.size()); }

std::string Sealing::seal(const std::string& text, const std::string& owner) const {
  const auto plain = bound(text, owner);
  std::vector<unsigned char> out(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.size());
  randombytes_buf(out.data(), crypto_secretbox_NONCEBYTES);
  crypto_secretbox_easy(out.data() + crypto_secretbox_NONCEBYTES, reinterpret_cast<const unsigned char*>(plain.data()), plain.size(), out.data(),
                        x_key.data());
  return protocol::to_hex({reinterpret_cast<const char*>(out.data()), out.size()});
}

std::optional<std::string> Sealing::open(const std::string& sealed, const std::string& owner) const {
  const auto bytes = from_hex(sealed);
  constexpr auto kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (!bytes || bytes->size() < kOverhead) return {};
  std::string plain(bytes->size() - kOverhead, '\0');
  if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(plain.data()), bytes->data() + crypto_secretbox_NONCEBYTES,
                                 bytes->size() - crypto_secretbox_NONCEBYTES, bytes->data(), x_key.data()) != 0)
    return {};
  const auto head = bound("", owner);
  if (!plain.starts_with(head)) return {};
  return plain.substr(head.size());
}

}  // namespace loa::api
