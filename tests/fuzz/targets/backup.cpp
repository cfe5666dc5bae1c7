// Backups, which may come from anywhere: the list of what is in them, and the tar stream that holds them.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include "controller/recovery/manifest.hpp"
#include "controller/recovery/tar.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

using namespace recovery;

Manifest sample() {
  Manifest manifest;
  manifest.version = "0.1.0";
  manifest.made = scheduler::from_ms(1'795'500'000'000);
  manifest.schema = 4;
  manifest.database = "sqlite";
  manifest.files = {{"loa.db", 4096, std::string(64, 'a')}, {"keys/root.pub", 44, std::string(64, 'b')}};
  manifest.missing = {std::string(64, 'c')};
  return manifest;
}

void read_manifest(std::string_view bytes) {
  try {
    const auto manifest = decode_manifest(bytes);
    std::set<std::string> paths;
    for (const auto& file : manifest.files) demand(is_backup_path(file.path) && paths.insert(file.path).second && file.bytes >= 0, "each file once, below the folder");
    demand(paths.contains(kDatabaseFile), "there is a database");
    demand(decode_manifest(encode(manifest)) == manifest, "a manifest that is written reads as the same one");
  } catch (const std::runtime_error& error) {
    demand(std::string_view(error.what()).starts_with(kManifestFile), "a refusal names the file");
  }
}
std::vector<std::string> manifests() { return {encode(sample())}; }

// A file in memory, open for reading from its beginning.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("stream", MFD_CLOEXEC)) {}
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  void hold(std::string_view bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const auto wrote = ::write(file_, bytes.data() + done, bytes.size() - done);
      demand(wrote > 0, "memory takes what is written");
      done += static_cast<std::size_t>(wrote);
    }
    ::lseek(file_, 0, SEEK_SET);
  }
  std::string whole() {
    std::string bytes(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    demand(::pread(file_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "memory gives what was written");
    return bytes;
  }
  int get() const { return file_; }

 private:
  int file_;
};

void read_stream(std::string_view bytes) {
  MemoryFile file;
  file.hold(bytes);
  std::size_t total = 0;
  try {
    TarReader reader(file.get(), "the backup");
    while (const auto path = reader.next()) {
      (void)is_backup_path(*path);
      char part[4096];
      while (const auto count = reader.read(part, sizeof part)) {
        total += count;
        demand(total <= bytes.size(), "no more comes out than went in");
      }
    }
  } catch (const std::runtime_error& error) {
    demand(std::string_view(error.what()).size() > 10, "a refusal says what is wrong");
  }
}
std::vector<std::string> streams() {
  MemoryFile file;
  TarWriter writer(file.get());
  const auto manifest = encode(sample());
  for (const auto& [path, text] : {std::pair<std::string, std::string>{kManifestFile, manifest}, {"loa.db", "SQLite"}, {std::string(120, 'x') + "/" + std::string(120, 'y'), ""}}) {
    writer.begin(path, static_cast<std::int64_t>(text.size()));
    writer.write(text);
  }
  writer.finish();
  return {file.whole()};
}

const Registration kManifest{{"backup_manifest", read_manifest, manifests, 4096}};
const Registration kStream{{"backup_stream", read_stream, streams, 8192}};

}  // namespace
}  // namespace loa::fuzz
