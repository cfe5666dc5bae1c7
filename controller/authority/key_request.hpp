#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/authority/key_files.hpp"
#include "protocol/refusal.hpp"

namespace loa::authority {

/// What a controller asks the holder of the root key to sign; a file that holds nothing secret.
struct KeyRequest {
  protocol::TimePoint made;
  std::string key_set;                                   ///< the set held, as it is published; empty before the first
  std::vector<protocol::SigningKey> keys;                ///< new ones, their private halves are on the controller
  std::optional<std::vector<std::string>> authorities;   ///< to be listed from now on; nothing: as in the set held
  bool operator==(const KeyRequest&) const = default;
};

/// The request's file: one JSON object with a line break at its end. encode throws std::invalid_argument where a value is none that
/// decode would take; decode is as strict as a message's.
std::string encode(const KeyRequest& request);
protocol::Result<KeyRequest> decode_key_request(std::string_view json);

/// Which keys to ask for.
struct WantedKeys {
  std::vector<std::string> branches;              ///< area ids; empty: a successor for each key that may sign now
  std::vector<protocol::MessageType> types;       ///< empty: working_types(), or those of the key that is followed
  std::optional<protocol::TimePoint> from;        ///< first moment that it may sign; nothing: now
  std::chrono::hours life = kWorkingKeyLife;
  std::vector<std::string> for_revoked;           ///< besides branches: a successor for each of these kids where no other key does its work
  bool none = false;                              ///< no keys at all, only what else changes
};

/// What becomes of the certificate authority that nodes trust.
enum class AuthorityChange {
  none,
  begin,  ///< another one is made, and listed beside the present one, which every node knows
  end     ///< the present one is listed no more: nodes without a certificate by the next one are shut out
};

/// `loa keys request`: makes the private halves in the controller's folder and says what is to be signed. Throws KeyFileError where a
/// branch is no area id, no branch is known, or the dates allow nothing; std::system_error where the disk fails.
KeyRequest request_keys(const std::filesystem::path& controller, const WantedKeys& wanted, protocol::TimePoint now);

/// The list of authorities that a request for this change carries; with `begin` the next authority is made in `controller`/authority
/// where there is none. Throws KeyFileError where none was begun that could be ended.
std::optional<std::vector<std::string>> request_authorities(const std::filesystem::path& controller, AuthorityChange change,
                                                            protocol::TimePoint now);

}  // namespace loa::authority
