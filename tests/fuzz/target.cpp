#include "tests/fuzz/target.hpp"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace loa::fuzz {

namespace {

// Made at the first registration: the order of static objects in several sources is not known.
std::vector<Target>& known() {
  static std::vector<Target> all;
  return all;
}

/// A file in memory where there is such a place, with a name of this process's own.
class ScratchFile {
 public:
  ScratchFile() {
    const std::filesystem::path memory = "/dev/shm";
    const auto folder = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    name_ = (folder / ("loa-fuzz-" + std::to_string(::getpid()))).string();
  }
  ~ScratchFile() { ::unlink(name_.c_str()); }
  const std::string& write(std::string_view bytes) {
    std::FILE* file = std::fopen(name_.c_str(), "wb");
    if (!file || (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()))
      throw std::runtime_error("cannot write " + name_);
    std::fclose(file);
    return name_;
  }

 private:
  std::string name_;
};

}  // namespace

Registration::Registration(Target target) {
  auto& all = known();
  const auto place = std::lower_bound(all.begin(), all.end(), target.name, [](const Target& one, const std::string& name) { return one.name < name; });
  all.insert(place, std::move(target));
}

const std::vector<Target>& targets() { return known(); }

const Target* find_target(std::string_view name) {
  for (const auto& target : known())
    if (target.name == name) return &target;
  return nullptr;
}

void broken(std::string_view rule) {
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(rule.size()), rule.data());
  std::fflush(stderr);
  std::abort();
}

void let_openssl_stay() {
  static const int stays = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  demand(stays == 1, "OpenSSL begins");
}

std::string file_of_checkout(const std::string& path) {
  std::ifstream in(std::filesystem::path(LOA_FUZZ_CHECKOUT) / path, std::ios::binary);
  if (!in) throw std::runtime_error("there is no " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string as_file(std::string_view bytes) {
  static ScratchFile file;
  return file.write(bytes);
}

unsigned char Bytes::byte() {
  if (rest_.empty()) return 0;
  const auto first = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  return first;
}

std::string_view Bytes::line() {
  const auto end = rest_.find('\n');
  const auto line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  return line;
}

}  // namespace loa::fuzz
