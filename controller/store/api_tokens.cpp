#include "controller/store/api_tokens.hpp"

#include "controller/store/columns.hpp"

namespace loa::store {

template <>
struct sql::Fields<ApiToken> {
  static void visit(Columns& c, ApiToken& t) {
    c("id", t.id);
    c("token_hash", t.token_hash);
    c("name", t.name);
    c("area", t.area);
    words(c, "scopes", t.scopes);
    c("creator", t.creator);
    c("created", t.created);
    c("expires", t.expires);
    c("last_used", t.last_used);
    c("last_address", t.last_address);
    c("revoked", t.revoked);
    c("revoked_by", t.revoked_by);
  }
};

void add_api_token(Transaction& transaction, const ApiToken& token) {
  sql::insert(transaction.session(), "api_tokens", token);
  transaction.audit("add", "api_token", token.id, token.area, token.name + ": " + sql::join_words(token.scopes));
}

std::optional<ApiToken> find_api_token_by_hash(Session& session, const std::string& token_hash) {
  return sql::select_one<ApiToken>(session, "from api_tokens where token_hash = :hash", sql::params(token_hash));
}

std::optional<ApiToken> find_api_token(Session& session, const std::string& id) {
  return sql::select_one<ApiToken>(session, "from api_tokens where id = :id", sql::params(id));
}

std::vector<ApiToken> list_api_tokens(Session& session, const std::vector<std::string>& roots,
                                      const std::optional<std::tuple<TimePoint, std::string>>& after, int limit) {
  auto parameters = sql::params(sql::roots_text(roots));
  const auto behind = sql::after(after, "created, id", "<", parameters);
  return sql::select_text<ApiToken>(session,
                                    sql::kBranch + "select " + sql::columns_of<ApiToken>() +
                                        " from api_tokens where area in (select id from branch)" + behind +
                                        " order by created desc, id desc" + sql::limit(limit),
                                    std::move(parameters));
}

bool revoke_api_token(Transaction& transaction, const std::string& id) {
  auto& session = transaction.session();
  const auto token = find_api_token(session, id);
  if (!token || token->revoked) return false;
  sql::execute(session, "update api_tokens set revoked = :now, revoked_by = :by where id = :id",
               sql::params(transaction.now(), transaction.actor().user, id));
  transaction.audit("revoke", "api_token", id, token->area, token->name);
  return true;
}

void touch_api_token(Transaction& transaction, const std::string& id) {
  sql::execute(transaction.session(), "update api_tokens set last_used = :now, last_address = :address where id = :id",
               sql::params(transaction.now(), transaction.actor().address, id));
}

}  // namespace loa::store
