#include "controller/recovery/manifest.hpp"

#include <fmt/format.h>

#include <set>
#include <stdexcept>

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

namespace loa::recovery {

using protocol::DescribedAs;
using protocol::List;
using protocol::Range;
using protocol::TextRule;

namespace {

constexpr std::size_t kMostPath = 1000;
constexpr int kMostParts = 16;

TextRule path_rule() { return {kMostPath, false, &is_backup_path, "a path of a backup"}; }

bool is_database_word(std::string_view text) { return text == "sqlite" || text == "postgresql"; }

}  // namespace

template <class F, DescribedAs<BackupFile> T>
void describe(F& f, T& file) {
  f("path", file.path, path_rule());
  f("bytes", file.bytes, protocol::kCount);
  f("sha256", file.sha256, protocol::sha256());
}

template <class F, DescribedAs<Manifest> T>
void describe(F& f, T& manifest) {
  f("format", manifest.format, Range{1, 1});
  f("version", manifest.version, protocol::text(200));
  f("made", manifest.made);
  f("schema", manifest.schema, Range{1, 100'000});
  f("database", manifest.database, TextRule{20, false, &is_database_word, "sqlite or postgresql"});
  f("files", manifest.files, List<>{1, kMostFiles});
  f("missing", manifest.missing, List<TextRule>{0, kMostFiles, protocol::sha256()});
}

bool is_backup_path(std::string_view text) {
  if (text.empty() || text.size() > kMostPath || text == kManifestFile) return false;
  int parts = 0;
  while (true) {
    const auto end = std::min(text.find('/'), text.size());
    const auto part = text.substr(0, end);
    if (part.empty() || part == "." || part == ".." || part.size() > 255 || ++parts > kMostParts) return false;
    for (const char c : part)
      if (c < 0x20 || c > 0x7e || c == '\\') return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::string clip_path(const std::string& sha256) { return "clips/" + sha256 + ".opus"; }

std::string encode(const Manifest& manifest) { return protocol::write_json(manifest); }

Manifest decode_manifest(std::string_view text) {
  if (text.size() > kMostManifestBytes) throw std::runtime_error(fmt::format("{}: larger than {} bytes", kManifestFile, kMostManifestBytes));
  auto read = protocol::read_json<Manifest>(text);
  if (!read) throw std::runtime_error(fmt::format("{}: {}: {}", kManifestFile, read.error().where, read.error().message));
  std::set<std::string_view> paths;
  for (const auto& file : read->files)
    if (!paths.insert(file.path).second) throw std::runtime_error(fmt::format("{}: /files: {} stands there twice", kManifestFile, file.path));
  for (const auto& file : read->files)
    for (auto slash = file.path.rfind('/'); slash != std::string::npos; slash = slash == 0 ? std::string::npos : file.path.rfind('/', slash - 1))
      if (paths.contains(std::string_view(file.path).substr(0, slash)))
        throw std::runtime_error(fmt::format("{}: /files: {} is both a file and a folder", kManifestFile, file.path.substr(0, slash)));
  if (!paths.contains(kDatabaseFile)) throw std::runtime_error(fmt::format("{}: /files: there is no {}", kManifestFile, kDatabaseFile));
  return std::move(*read);
}

}  // namespace loa::recovery
