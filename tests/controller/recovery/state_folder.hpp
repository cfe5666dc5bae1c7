#pragma once
#include <soci/soci.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "controller/authority/certificates.hpp"
#include "controller/authority/root_key.hpp"
#include "controller/recovery/backup.hpp"
#include "controller/store/areas.hpp"
#include "controller/store/clips.hpp"
#include "protocol/hash.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

inline std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << bytes;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

/// The state folder of a small controller: a store with an area and two clips, an authority, keys, and secrets in files that no list knows.
struct StateFolder {
  static constexpr std::int64_t kNow = 1'795'500'000'000;
  TempFolder folder;
  std::filesystem::path state = folder / "controller";
  std::string url;
  std::map<std::string, std::string> clips;  ///< bytes by hash

  /// `database`: the store's URL; empty: SQLite in the folder.
  explicit StateFolder(const std::string& database = "") : url(database.empty() ? (state / "loa.db").string() : database) {
    const auto now = scheduler::from_ms(kNow);
    std::filesystem::create_directories(state);
    authority::CertificateAuthority::open_or_create(state / "authority", now);
    authority::init_keys(folder / "root.pem", state, "hue", now);
    put(state / "second-factor.key", "0123456789abcdef");
    put(state / "tls/https.key", "a private key");
    put(state / "later/deep/secret", std::string(300'000, 's'));
    const auto session = store::open_session(url);
    store::Transaction transaction(*session, store::system_actor(), now);
    store::Area area;
    area.id = "hue";
    area.name = "Huế";
    area.kind = "province";
    store::add_area(transaction, area);
    transaction.commit();
    for (const auto* words : {"first", "second"}) add_clip(*session, std::string(50'000, 'x') + words);
  }

  /// As the controller does: the file first, then the row.
  std::string add_clip(store::Session& session, const std::string& bytes) {
    store::Clip clip;
    clip.sha256 = protocol::sha256_hex(bytes);
    clip.bytes = static_cast<std::int64_t>(bytes.size());
    clip.made_from = "upload";
    put(clip_file(clip.sha256), bytes);
    store::Transaction transaction(session, store::system_actor(), scheduler::from_ms(kNow));
    store::put_clip(transaction, clip);
    transaction.commit();
    clips[clip.sha256] = bytes;
    return clip.sha256;
  }
  std::filesystem::path clip_file(const std::string& sha256) const { return state / "clips" / (sha256 + ".opus"); }
  recovery::BackupRequest request(std::int64_t later_ms = 0) const { return {state, url, "0.1.0", scheduler::from_ms(kNow + later_ms)}; }
  /// Every file below, by path; without those of the database.
  static std::map<std::string, std::string> files(const std::filesystem::path& below) {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(below)) {
      const auto path = entry.path().lexically_relative(below).string();
      if (entry.is_regular_file() && !path.starts_with("loa.db")) found[path] = content(entry.path());
    }
    return found;
  }
};

}  // namespace loa::tests
