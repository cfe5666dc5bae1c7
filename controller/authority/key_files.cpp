#include "controller/authority/key_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/authority/files.hpp"
#include "protocol/authorities.hpp"
#include "protocol/codec.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/packet.hpp"
#include "protocol/random_id.hpp"

namespace loa::authority {

namespace {

using protocol::MessageType;
using std::filesystem::path;

path keys_folder(const path& controller) { return controller / "keys"; }
path root_public_file(const path& controller) { return keys_folder(controller) / "root.pub"; }
path working_file(const path& controller, const std::string& kid) {
  return keys_folder(controller) / ("working-" + kid + ".pem");
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

protocol::PrivateKey read_private(const path& file) {
  auto key = protocol::PrivateKey::from_pem(read_file(file));
  if (!key) throw KeyFileError(file.string() + ": " + key.error().message);
  return std::move(*key);
}

/// The authority in `folder` as a key set lists it; nothing where there is none.
std::optional<std::string> authority_in(const path& folder) {
  if (!std::filesystem::exists(folder / "ca.pem")) return std::nullopt;
  const auto text = protocol::authority_text(read_file(folder / "ca.pem"));
  return text ? std::optional(*text) : std::nullopt;
}

// Nodes would trust nothing that this controller makes.
void check_authorities(const path& controller, const protocol::KeySet& set) {
  if (!set.authorities) return;
  const auto& listed = *set.authorities;
  for (const path& folder : {controller / "authority", controller / "authority/next"})
    if (const auto here = authority_in(folder); here && std::find(listed.begin(), listed.end(), *here) != listed.end()) return;
  throw KeyFileError((controller / "authority").string() + ": the key set lists no authority whose key is here: nodes would trust nothing that this controller makes");
}

}  // namespace

const std::vector<MessageType>& working_types() {
  static const std::vector<MessageType> types{MessageType::head,    MessageType::plan,             MessageType::alert,      MessageType::order,
                                              MessageType::log_ack, MessageType::controller_state, MessageType::certificate};
  return types;
}

protocol::KeySet open_key_set(std::string_view jws, const protocol::PublicKey& root, const std::string& name) {
  const auto payload = protocol::open(trimmed(jws), MessageType::keys, root);
  if (!payload) throw KeyFileError(fmt::format("{}: not a key set signed by this root: {}", name, payload.error().message));
  auto set = protocol::decode_keys(*payload);
  if (!set) throw KeyFileError(fmt::format("{}: {}: {}", name, set.error().where, set.error().message));
  if (const auto pem = protocol::authorities_pem(*set); !pem)
    throw KeyFileError(fmt::format("{}: {}: {}", name, pem.error().where, pem.error().message));
  return std::move(*set);
}

path key_set_file(const path& controller) { return keys_folder(controller) / "keyset.jws"; }

ControllerKeys load_keys(const path& controller) {
  ControllerKeys keys;
  keys.root = read_public_key(root_public_file(controller));
  keys.key_set_jws = trimmed(read_file(key_set_file(controller)));
  keys.key_set = open_key_set(keys.key_set_jws, keys.root, key_set_file(controller).string());
  for (const protocol::SigningKey& entry : keys.key_set.keys) {
    const path file = working_file(controller, entry.kid);
    if (entry.revoked || !std::filesystem::exists(file)) continue;
    auto key = read_private(file);
    if (key.public_key() != entry.public_key)
      throw KeyFileError(file.string() + ": is not the key that the key set lists as " + entry.kid);
    keys.working.push_back({entry.kid, std::move(key)});
  }
  return keys;
}

std::optional<ControllerKeys> find_keys(const path& controller) {
  if (!std::filesystem::exists(key_set_file(controller))) return std::nullopt;
  return load_keys(controller);
}

protocol::SigningKey make_working_key(const path& controller, std::int64_t number) {
  std::filesystem::create_directories(controller);
  make_private_folder(keys_folder(controller));
  const auto key = protocol::PrivateKey::generate();
  protocol::SigningKey listed;
  listed.kid = protocol::random_id("k" + std::to_string(number));
  listed.public_key = key.public_key();
  write_new_secret(working_file(controller, listed.kid), key.to_pem());
  return listed;
}

ControllerKeys import_keys(const path& controller, std::string_view jws, const std::optional<protocol::PublicKey>& root) {
  const path known = root_public_file(controller);
  const bool first = !std::filesystem::exists(known);
  if (first && !root)
    throw KeyFileError(known.string() + ": the controller does not know its root key yet; name the file of its public half");
  const auto trusted = first ? *root : read_public_key(known);
  if (root && *root != trusted)
    throw KeyFileError(known.string() + ": the controller and its nodes have another root key than the one named");
  const std::string text = trimmed(jws);
  const auto next = open_key_set(text, trusted, "the key set to import");
  const auto held = find_keys(controller);
  if (held && next.number <= held->key_set.number && text != held->key_set_jws)
    throw KeyFileError(fmt::format("old_revision: key set {} is not above {}, which the controller has", next.number, held->key_set.number));
  check_authorities(controller, next);
  std::filesystem::create_directories(controller);
  make_private_folder(keys_folder(controller));
  if (first) write_file(known, protocol::to_text(trusted) + "\n", 0644);
  write_file(key_set_file(controller), text + "\n", 0644);
  for (const auto& key : next.keys)
    if (key.revoked) std::filesystem::remove(working_file(controller, key.kid));
  return load_keys(controller);
}

std::string note_on_authorities(const path& controller, const protocol::KeySet& set) {
  std::string note;
  const auto first = authority_in(controller / "authority"), next = authority_in(controller / "authority/next");
  for (const auto& one : set.authorities.value_or(std::vector<std::string>{})) {
    protocol::KeySet alone;
    alone.authorities = {one};
    const auto facts = protocol::authority_facts(alone);
    const auto name = facts.empty() ? std::string("one") : facts.front().name;
    if (one == next)
      note += fmt::format("; MAKE A BACKUP NOW: the authority {} makes certificates from here on, and no backup from before it was begun can go on with it", name);
    else if (one != first)
      note += fmt::format("; THE KEY of the authority {} that it lists IS NOT HERE: boards with its certificates are let in for 30 days at most; put the key back from a newer backup, "
                          "or begin another with `loa keys request --authority`", name);
  }
  return note;
}

protocol::PublicKey read_public_key(const path& file) {
  const auto key = protocol::public_key_from_text(trimmed(read_file(file)));
  if (!key) throw KeyFileError(file.string() + ": " + key.error().message);
  return *key;
}

}  // namespace loa::authority
