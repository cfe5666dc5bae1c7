#include "controller/authority/root_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "controller/authority/files.hpp"
#include "protocol/authorities.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/limits.hpp"
#include "protocol/topics.hpp"

namespace loa::authority {

namespace {

using protocol::KeySet;
using protocol::MessageType;
using protocol::SigningKey;
using std::filesystem::path;

// Longer than what was signed at a key's last moment still plays: its plans reach 16 days ahead.
constexpr std::chrono::hours kListedAfterEnd{31 * 24};

path with_ending(const path& file, const char* ending) { return path(file.string() + ending); }

KeySet highest_known(const path& root_file, const protocol::PublicKey& root, const KeyChange& change) {
  KeySet highest;
  if (!change.base.empty()) highest = open_key_set(change.base, root, "the key set given");
  const path last = last_signed_file(root_file);
  if (!std::filesystem::exists(last)) {
    if (change.base.empty() && change.keys.empty())
      throw KeyFileError(last.string() + ": is not there, so no key set is known: name the one that is published");
    return highest;
  }
  auto signed_here = open_key_set(read_file(last), root, last.string());
  return signed_here.number > highest.number ? signed_here : highest;
}

void add_key(KeySet& set, const SigningKey& key, std::vector<std::string>& added) {
  for (const auto& other : set.keys) {
    if (other.kid == key.kid) {
      if (other.public_key == key.public_key && !other.revoked) return;  // the same request, signed once more
      throw KeyFileError(fmt::format("the kid {} stands for a key already", key.kid));
    }
    if (other.public_key == key.public_key)
      throw KeyFileError(fmt::format("{} is the key {} again{}", key.kid, other.kid, other.revoked ? ", which is revoked" : ""));
  }
  if (key.revoked) throw KeyFileError(fmt::format("{} is asked for as revoked", key.kid));
  if (key.may_sign.empty()) throw KeyFileError(fmt::format("{} may sign nothing", key.kid));
  for (const auto type : key.may_sign)
    if (type == MessageType::keys) throw KeyFileError(fmt::format("{}: key sets are signed by the root alone", key.kid));
  set.keys.push_back(key);
  added.push_back(key.kid);
}

void revoke(KeySet& set, const KeyChange& change, protocol::TimePoint now, std::vector<std::string>& revoked) {
  const auto is_new = [&](const SigningKey& key) {
    return std::any_of(change.keys.begin(), change.keys.end(), [&](const auto& one) { return one.kid == key.kid; });
  };
  for (const auto& kid : change.revoke)
    if (std::none_of(set.keys.begin(), set.keys.end(), [&](const auto& key) { return key.kid == kid; }))
      throw KeyFileError("no key \"" + kid + "\" in key set " + std::to_string(set.number));
  for (auto& key : set.keys) {
    const bool named = std::find(change.revoke.begin(), change.revoke.end(), key.kid) != change.revoke.end();
    if (key.revoked || !(named || (change.revoke_all && !is_new(key)))) continue;
    key.revoked = now;
    revoked.push_back(key.kid);
  }
}

}  // namespace

path root_public_file(const path& root_file) { return with_ending(root_file, ".pub"); }
path last_signed_file(const path& root_file) { return with_ending(root_file, ".signed.jws"); }

protocol::PublicKey make_root(const path& root_file) {
  const auto root = protocol::PrivateKey::generate();
  try {
    write_new_secret(root_file, root.to_pem());
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::file_exists)
      throw KeyFileError(root_file.string() + ": exists already and is never overwritten");
    throw;
  }
  write_file(root_public_file(root_file), protocol::to_text(root.public_key()) + "\n", 0644);
  return root.public_key();
}

bool lies_in(const path& file, const path& folder) {
  const path inner = std::filesystem::weakly_canonical(std::filesystem::absolute(file));
  const path outer = std::filesystem::weakly_canonical(std::filesystem::absolute(folder));
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

SignedKeySet sign_key_set(const path& root_file, const KeyChange& change, protocol::TimePoint now) {
  const auto root = protocol::PrivateKey::from_pem(read_file(root_file));
  if (!root) throw KeyFileError(root_file.string() + ": " + root.error().message);
  SignedKeySet made;
  made.set = highest_known(root_file, root->public_key(), change);
  auto& set = made.set;
  std::erase_if(set.keys, [now](const SigningKey& key) { return key.not_after + kListedAfterEnd < now; });
  for (const auto& key : change.keys) add_key(set, key, made.added);
  revoke(set, change, now, made.revoked);
  if (set.keys.size() > protocol::kMaxKeys)
    throw KeyFileError(fmt::format("the key set would list {} keys where {} are the most", set.keys.size(), protocol::kMaxKeys));
  if (change.authorities) set.authorities = change.authorities;
  if (const auto pem = protocol::authorities_pem(set); !pem)
    throw KeyFileError("the key set would be wrong at " + pem.error().where + ": " + pem.error().message);
  ++set.number;
  set.issued = now;  // also below the one before: sets are ordered by their numbers, and the clock may have been ahead then
  made.jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(set), *root);
  // Remembered before anybody else can have it: the number is used from here on.
  write_file(last_signed_file(root_file), made.jws + "\n", 0644);
  return made;
}

ControllerKeys init_keys(const path& root_file, const path& controller, const std::string& branch, protocol::TimePoint now) {
  if (!protocol::is_area_id(branch)) throw KeyFileError("branch: not an area id: \"" + branch + "\"");
  if (lies_in(root_file, controller))
    throw KeyFileError(root_file.string() + ": the root key must be kept apart from the controller's folder");
  if (std::filesystem::exists(key_set_file(controller)))
    throw KeyFileError(key_set_file(controller).string() + ": there are keys already; `loa keys rotate` makes new ones");
  make_root(root_file);
  WantedKeys wanted;
  wanted.branches = {branch};
  return change_keys(root_file, controller, wanted, {}, now);
}

ControllerKeys change_keys(const path& root_file, const path& controller, const WantedKeys& wanted,
                           const std::vector<std::string>& revoke, protocol::TimePoint now, AuthorityChange authority) {
  const auto root = protocol::PrivateKey::from_pem(read_file(root_file));
  if (!root) throw KeyFileError(root_file.string() + ": " + root.error().message);
  if (const auto held = find_keys(controller); held && held->root != root->public_key())
    throw KeyFileError(root_file.string() + ": is not the root key of " + key_set_file(controller).string());
  auto request = request_keys(controller, wanted, now);
  request.authorities = request_authorities(controller, authority, now);
  const auto made = sign_key_set(root_file, {request.key_set, request.keys, request.authorities, revoke, false}, now);
  return import_keys(controller, made.jws, root->public_key());
}

}  // namespace loa::authority
