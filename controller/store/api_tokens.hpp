#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

/// With what a machine reads the API; only the token's hash is kept.
struct ApiToken {
  std::string id;          ///< `t-` + random
  std::string token_hash;  ///< SHA-256 of the token, hex
  std::string name;        ///< what it is for, in the maker's words
  std::string area;        ///< this area and all below
  std::vector<std::string> scopes;  ///< words that the api knows
  std::string creator;
  TimePoint created;
  TimePoint expires;
  std::optional<TimePoint> last_used;  ///< may lag by a minute
  std::string last_address;
  std::optional<TimePoint> revoked;
  std::string revoked_by;
};

void add_api_token(Transaction& transaction, const ApiToken& token);
/// The token of this hash, whatever became of it.
std::optional<ApiToken> find_api_token_by_hash(Session& session, const std::string& token_hash);
std::optional<ApiToken> find_api_token(Session& session, const std::string& id);
/// Those of areas at or below `roots`, the newest first, behind the key `after`.
std::vector<ApiToken> list_api_tokens(Session& session, const std::vector<std::string>& roots,
                                      const std::optional<std::tuple<TimePoint, std::string>>& after, int limit);
/// False where there is none of that id or it is revoked already.
bool revoke_api_token(Transaction& transaction, const std::string& id);
/// Notes a use at the transaction's time, from its actor's address; no audit row.
void touch_api_token(Transaction& transaction, const std::string& id);

}  // namespace loa::store
