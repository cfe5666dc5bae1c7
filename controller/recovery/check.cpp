#include "controller/recovery/check.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

#include <set>
#include <stdexcept>

#include "controller/authority/certificates.hpp"
#include "controller/authority/key_files.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/copy_store.hpp"

namespace loa::recovery {

namespace {

namespace fs = std::filesystem;

void check_authority(const fs::path& folder, TimePoint now) {
  const bool certificate = fs::exists(folder / "authority" / "ca.pem");
  const bool key = fs::exists(folder / "authority" / "ca.key");
  if (!certificate && !key) throw std::runtime_error("the certificate authority is missing: authority/ca.pem and authority/ca.key");
  if (!certificate || !key) throw std::runtime_error(fmt::format("half of the certificate authority is missing: authority/{}", certificate ? "ca.key" : "ca.pem"));
  authority::CertificateAuthority::open_or_create(folder / "authority", now);
}

// A controller without keys was never finished: that is not the backup's fault.
void check_keys(const fs::path& folder) {
  const auto keys = authority::find_keys(folder);
  if (!keys || !keys->working.empty()) return;
  // A listed key may be another machine's; a controller without any can sign nothing.
  for (const auto& key : keys->key_set.keys)
    if (!key.revoked) throw std::runtime_error("none of the working keys that the key set lists is there: keys/working-" + key.kid + ".pem");
}

}  // namespace

void check_staged(const fs::path& folder, const Manifest& manifest) {
  if (const auto damage = store::find_damage(folder / kDatabaseFile); !damage.empty()) throw std::runtime_error(damage);
  check_authority(folder, manifest.made);
  check_keys(folder);
  std::set<std::string> held(manifest.missing.begin(), manifest.missing.end());
  for (const auto& file : manifest.files) held.insert(file.path);
  const auto session = store::open_session((folder / kDatabaseFile).string());
  fs::remove(folder / (std::string(kDatabaseFile) + ".lock"));  // where it had to be brought to the newest schema
  for (const auto& sha256 : store::list_clip_names(*session))
    if (!held.contains(clip_path(sha256)) && !held.contains(sha256))
      throw std::runtime_error(fmt::format("the database names the clip {}, which the backup does not hold", sha256));
}

}  // namespace loa::recovery
