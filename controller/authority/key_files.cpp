#include "controller/authority/key_files.hpp"

#include <algorithm>
#include <system_error>

#include "controller/authority/files.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"

namespace loa::authority {

namespace {

using protocol::MessageType;
using std::filesystem::path;

constexpr std::chrono::hours kBackdate{1};  // a node's clock may be behind the one that made the key

path keys_folder(const path& controller) { return controller / "keys"; }
path set_file(const path& controller) { return keys_folder(controller) / "keyset.jws"; }
path root_public_file(const path& controller) { return keys_folder(controller) / "root.pub"; }
path working_file(const path& controller, const std::string& kid) {
  return keys_folder(controller) / ("working-" + kid + ".pem");
}

std::string read_text(const path& file) {
  std::string text = read_file(file);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

protocol::PrivateKey read_private(const path& file) {
  auto key = protocol::PrivateKey::from_pem(read_file(file));
  if (!key) throw KeyFileError(file.string() + ": " + key.error().message);
  return std::move(*key);
}

protocol::SigningKey listed(const std::string& kid, const protocol::PrivateKey& key, const std::string& branch,
                            protocol::TimePoint now) {
  protocol::SigningKey entry;
  entry.kid = kid;
  entry.public_key = key.public_key();
  entry.may_sign = {MessageType::head,    MessageType::plan,    MessageType::alert,
                    MessageType::order,   MessageType::log_ack, MessageType::controller_state};
  entry.branch = branch;
  entry.not_before = now - kBackdate;
  entry.not_after = now + kWorkingKeyLife;
  return entry;
}

void check_branch(const std::string& branch) {
  if (!protocol::is_area_id(branch)) throw KeyFileError("branch: not an area id: \"" + branch + "\"");
}

bool lies_in(const path& file, const path& folder) {
  const path inner = std::filesystem::weakly_canonical(std::filesystem::absolute(file));
  const path outer = std::filesystem::weakly_canonical(std::filesystem::absolute(folder));
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// The new private key is on disk before the set that names it: a set whose key is lost could sign nothing.
void write_set(const path& controller, protocol::KeySet set, const protocol::PrivateKey& root) {
  const std::string jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(set), root);
  write_file(set_file(controller), jws + "\n", 0644);
}

void add_working_key(const path& controller, protocol::KeySet& set, const std::string& branch, protocol::TimePoint now) {
  const auto key = protocol::PrivateKey::generate();
  const std::string kid = protocol::random_id("k" + std::to_string(set.number));
  write_new_secret(working_file(controller, kid), key.to_pem());
  set.keys.push_back(listed(kid, key, branch, now));
}

}  // namespace

ControllerKeys init_keys(const path& root_file, const path& controller, const std::string& branch,
                         protocol::TimePoint now) {
  check_branch(branch);
  if (lies_in(root_file, controller))
    throw KeyFileError(root_file.string() + ": the root key must be kept apart from the controller's folder");
  if (std::filesystem::exists(set_file(controller)))
    throw KeyFileError(set_file(controller).string() + ": there are keys already; `loa keys renew` makes new ones");
  const auto root = protocol::PrivateKey::generate();
  try {
    write_new_secret(root_file, root.to_pem());
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::file_exists)
      throw KeyFileError(root_file.string() + ": exists already and is never overwritten");
    throw;
  }
  std::filesystem::create_directories(controller);
  make_private_folder(keys_folder(controller));
  write_file(root_public_file(controller), protocol::to_text(root.public_key()) + "\n", 0644);
  protocol::KeySet set;
  set.number = 1;
  set.issued = now;
  add_working_key(controller, set, branch, now);
  write_set(controller, set, root);
  return load_keys(controller);
}

ControllerKeys renew_keys(const path& root_file, const path& controller, const std::string& branch,
                          const std::vector<std::string>& revoke, protocol::TimePoint now) {
  check_branch(branch);
  const auto root = read_private(root_file);
  ControllerKeys held = load_keys(controller);
  if (root.public_key() != held.root)
    throw KeyFileError(root_file.string() + ": is not the root key of " + set_file(controller).string());
  protocol::KeySet set = held.key_set;
  ++set.number;
  set.issued = std::max(now, held.key_set.issued);
  for (const std::string& kid : revoke) {
    const auto found = std::find_if(set.keys.begin(), set.keys.end(), [&](const auto& key) { return key.kid == kid; });
    if (found == set.keys.end()) throw KeyFileError("no key \"" + kid + "\" in " + set_file(controller).string());
    if (!found->revoked) found->revoked = now;
  }
  add_working_key(controller, set, branch, now);
  write_set(controller, set, root);
  for (const std::string& kid : revoke) std::filesystem::remove(working_file(controller, kid));
  return load_keys(controller);
}

ControllerKeys take_key_set(const path& controller, const std::string& jws) {
  const ControllerKeys held = load_keys(controller);
  const auto payload = protocol::open(jws, MessageType::keys, held.root);
  if (!payload) throw KeyFileError("the key set: " + payload.error().message);
  const auto set = protocol::decode_keys(*payload);
  if (!set) throw KeyFileError("the key set: " + set.error().where + ": " + set.error().message);
  if (set->number <= held.key_set.number) throw KeyFileError("the key set is not above the one that is held");
  write_file(set_file(controller), jws + "\n", 0644);
  for (const auto& key : set->keys)
    if (key.revoked) std::filesystem::remove(working_file(controller, key.kid));
  return load_keys(controller);
}

ControllerKeys load_keys(const path& controller) {
  ControllerKeys keys;
  const auto root = protocol::public_key_from_text(read_text(root_public_file(controller)));
  if (!root) throw KeyFileError(root_public_file(controller).string() + ": " + root.error().message);
  keys.root = *root;
  keys.key_set_jws = read_text(set_file(controller));
  const auto payload = protocol::open(keys.key_set_jws, MessageType::keys, keys.root);
  if (!payload) throw KeyFileError(set_file(controller).string() + ": " + payload.error().message);
  auto set = protocol::decode_keys(*payload);
  if (!set) throw KeyFileError(set_file(controller).string() + ": " + set.error().where + ": " + set.error().message);
  keys.key_set = std::move(*set);
  for (const protocol::SigningKey& entry : keys.key_set.keys) {
    if (entry.revoked) continue;
    const path file = working_file(controller, entry.kid);
    if (!std::filesystem::exists(file)) continue;
    auto key = read_private(file);
    if (key.public_key() != entry.public_key)
      throw KeyFileError(file.string() + ": is not the key that the key set lists as " + entry.kid);
    keys.working.push_back({entry.kid, std::move(key)});
  }
  return keys;
}

}  // namespace loa::authority
