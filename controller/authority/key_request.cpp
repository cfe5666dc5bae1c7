#include "controller/authority/key_request.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/authority/certificates.hpp"
#include "protocol/authorities.hpp"
#include "protocol/describe_messages.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/limits.hpp"
#include "protocol/topics.hpp"

namespace loa::protocol {

// In the room of the types that it is made of, where reader and writer look for it.
template <class Visitor, DescribedAs<authority::KeyRequest> T>
void describe(Visitor& visit, T& request) {
  visit.format();
  visit.constant("kind", "key-request");
  visit("made", request.made);
  visit("key_set", request.key_set, TextRule{kMaxSharedSigned});
  visit("keys", request.keys, List<>{0, kMaxKeys});
  visit("authorities", request.authorities, List<TextRule>{1, kMaxAuthorities, certificate_text()});
  std::set<std::string_view> kids;
  for (const SigningKey& key : request.keys) visit.must(kids.insert(key.kid).second, "keys", "a kid stands twice");
}

}  // namespace loa::protocol

namespace loa::authority {

namespace {

using protocol::MessageType;
using protocol::SigningKey;
using std::filesystem::path;

constexpr std::chrono::hours kBackdate{1};  // a node's clock may be behind the one that made the key

struct Right {
  std::string branch;
  std::vector<MessageType> types;
  bool operator==(const Right&) const = default;
};

bool does_work_of(const SigningKey& other, const SigningKey& key, protocol::TimePoint now) {
  return other.kid != key.kid && !other.revoked && other.branch == key.branch && other.not_before <= now && other.not_after > now &&
         std::all_of(key.may_sign.begin(), key.may_sign.end(), [&](MessageType type) {
           return std::find(other.may_sign.begin(), other.may_sign.end(), type) != other.may_sign.end();
         });
}

// What the successor of `key` may sign: the same, and where that was everything that a controller signed in its release, what has come since.
std::vector<MessageType> types_after(const SigningKey& key) {
  const auto may = [&](MessageType type) { return std::find(key.may_sign.begin(), key.may_sign.end(), type) != key.may_sign.end(); };
  const auto& all = working_types();
  const bool whole = std::all_of(all.begin(), all.end(), [&](MessageType type) { return type == MessageType::certificate || may(type); });
  return whole ? all : key.may_sign;
}

void add(std::vector<Right>& rights, Right right) {
  if (std::find(rights.begin(), rights.end(), right) == rights.end()) rights.push_back(std::move(right));
}

std::vector<Right> rights_of(const WantedKeys& wanted, const std::optional<ControllerKeys>& held, protocol::TimePoint now) {
  std::vector<Right> rights;
  if (wanted.none) return rights;
  const auto types = wanted.types.empty() ? working_types() : wanted.types;
  for (const auto& branch : wanted.branches) {
    if (!protocol::is_area_id(branch)) throw KeyFileError("branch: not an area id: \"" + branch + "\"");
    add(rights, {branch, types});
  }
  if (!held) return rights;
  const auto& listed = held->key_set.keys;
  const auto gone = [&](const SigningKey& key) {
    return std::find(wanted.for_revoked.begin(), wanted.for_revoked.end(), key.kid) != wanted.for_revoked.end();
  };
  const bool follow_all = wanted.branches.empty() && wanted.for_revoked.empty();
  for (const auto& key : listed) {
    if (key.revoked || key.not_after <= now) continue;
    const bool covered = std::any_of(listed.begin(), listed.end(),
                                     [&](const auto& other) { return !gone(other) && does_work_of(other, key, now); });
    if (follow_all || (gone(key) && !covered)) add(rights, {key.branch, wanted.types.empty() ? types_after(key) : wanted.types});
  }
  return rights;
}

}  // namespace

std::string encode(const KeyRequest& request) { return protocol::write_json(request) + "\n"; }

protocol::Result<KeyRequest> decode_key_request(std::string_view json) {
  if (json.size() > protocol::kMaxBundle)
    return protocol::Refusal{protocol::RefusalCode::too_large, "", fmt::format("larger than {} bytes", protocol::kMaxBundle)};
  return protocol::read_json<KeyRequest>(json);
}

KeyRequest request_keys(const path& controller, const WantedKeys& wanted, protocol::TimePoint now) {
  const auto held = find_keys(controller);
  const auto rights = rights_of(wanted, held, now);
  if (rights.empty() && !wanted.none && wanted.for_revoked.empty())
    throw KeyFileError(controller.string() + ": no key may sign here now: name the branch that the new one is for");
  if (wanted.life < std::chrono::hours(1)) throw KeyFileError("a key needs at least an hour to sign in");
  KeyRequest request;
  request.made = now;
  if (held) request.key_set = held->key_set_jws;
  const auto from = wanted.from.value_or(now);
  for (const auto& right : rights) {
    auto key = make_working_key(controller, held ? held->key_set.number + 1 : 1);
    key.branch = right.branch;
    key.may_sign = right.types;
    key.not_before = from - kBackdate;
    key.not_after = from + wanted.life;
    request.keys.push_back(std::move(key));
  }
  return request;
}

std::optional<std::vector<std::string>> request_authorities(const path& controller, AuthorityChange change, protocol::TimePoint now) {
  if (change == AuthorityChange::none) return std::nullopt;
  const path folder = controller / "authority";
  const auto text = [](const std::string& pem) { return protocol::authority_text(pem).value(); };
  if (change == AuthorityChange::begin) {
    const auto present = CertificateAuthority::open_or_create(folder, now);
    const auto next = CertificateAuthority::make_next(folder, now);
    std::vector<std::string> authorities{text(next), text(present.server_issuer_pem())};
    // Boards with certificates by an authority whose key is lost must go on trusting it, and be let in, until they have others.
    if (const auto held = find_keys(controller); held && held->key_set.authorities)
      for (const auto& one : *held->key_set.authorities)
        if (std::find(authorities.begin(), authorities.end(), one) == authorities.end()) authorities.push_back(one);
    return authorities;
  }
  const auto held = find_keys(controller);
  if (!std::filesystem::exists(folder / "next/ca.pem"))
    throw KeyFileError(folder.string() + ": no other authority was begun; `loa keys request --authority` makes one");
  const auto next = text(CertificateAuthority::make_next(folder, now));
  const auto listed = held && held->key_set.authorities ? *held->key_set.authorities : std::vector<std::string>{};
  if (std::find(listed.begin(), listed.end(), next) == listed.end())
    throw KeyFileError(folder.string() + ": the next authority is not in the key set yet: nodes would trust one that they never heard of");
  return std::vector<std::string>{next};
}

}  // namespace loa::authority
