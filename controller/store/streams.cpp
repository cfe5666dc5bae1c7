#include "controller/store/streams.hpp"

#include "controller/store/columns.hpp"
#include "controller/store/content_hash.hpp"

namespace loa::store {

const char* name_of(StreamState state) {
  switch (state) {
    case StreamState::waiting: return "waiting";
    case StreamState::approved: return "approved";
    case StreamState::retired: return "retired";
  }
  return "";
}

std::optional<StreamState> parse_stream_state(std::string_view name) {
  for (const auto state : {StreamState::waiting, StreamState::approved, StreamState::retired})
    if (name == name_of(state)) return state;
  return std::nullopt;
}

template <>
inline constexpr StreamState sql::kLast<StreamState> = StreamState::retired;

template <>
struct sql::Fields<Stream> {
  static void visit(Columns& c, Stream& s) {
    c("id", s.id);
    c("area", s.area);
    c("name", s.name);
    c("url", s.url);
    c("language", s.language);
    c("state", s.state);
    c("content_hash", s.content_hash);
    c("approved_hash", s.approved_hash);
    c("set_by", s.set_by);
    c("set_at", s.set_at);
    c("approver", s.approver);
    c("decided", s.decided);
    c("plain_http", s.plain_http_allowed);
    c("plain_http_by", s.plain_http_by);
    c("plain_http_at", s.plain_http_at);
    c("created", s.created);
    c("changed", s.changed);
    c("retired", s.retired);
    c("retired_by", s.retired_by);
  }
};

namespace {

void write(Transaction& transaction, Stream& stream, std::string_view action, std::string_view detail) {
  stream.changed = transaction.now();
  sql::update(transaction.session(), "streams", stream, "id = :id", sql::params(stream.id));
  transaction.audit(action, "stream", stream.id, stream.area, detail);
}

void set_content(Stream& stream) {
  stream.content_hash = content_hash_of(stream);
  stream.state = StreamState::waiting;
  stream.approved_hash.clear();
  stream.approver.clear();
  stream.decided.reset();
}

void set_address(Stream& stream, const std::string& url, const Transaction& transaction) {
  stream.url = url;
  stream.set_by = transaction.actor().user;
  stream.set_at = transaction.now();
  stream.plain_http_allowed = false;
  stream.plain_http_by.clear();
  stream.plain_http_at.reset();
}

}  // namespace

std::string content_hash_of(const Stream& stream) {
  ContentHash hash;
  for (const auto* part : {&stream.name, &stream.url, &stream.language}) hash.add(*part);
  return hash.hex();
}

bool is_plain_http(const std::string& url) { return !url.starts_with("https://"); }

bool is_plain_http(const Stream& stream) { return is_plain_http(stream.url); }

const char* held_back_by(const Stream& stream) {
  if (stream.state == StreamState::retired) return "stream_retired";
  if (stream.state != StreamState::approved || stream.approved_hash != stream.content_hash) return "stream_not_approved";
  return is_plain_http(stream) && !stream.plain_http_allowed ? "plain_http_not_allowed" : "";
}

bool add_stream(Transaction& transaction, const Stream& stream) {
  auto& session = transaction.session();
  if (!sql::exists(session, "select 1 from areas where id = :id", sql::params(stream.area))) return false;
  Stream added;
  added.id = stream.id;
  added.area = stream.area;
  added.name = stream.name;
  added.language = stream.language;
  set_address(added, stream.url, transaction);
  set_content(added);
  added.created = added.changed = transaction.now();
  if (sql::insert(session, "streams", added, "on conflict do nothing") == 0) return false;
  transaction.audit("add", "stream", added.id, added.area, added.name + " " + added.url);
  return true;
}

bool update_stream(Transaction& transaction, const Stream& stream) {
  auto held = find_stream(transaction.session(), stream.id);
  if (!held || held->state == StreamState::retired) return false;
  held->name = stream.name;
  held->language = stream.language;
  if (held->url != stream.url) set_address(*held, stream.url, transaction);
  if (content_hash_of(*held) != held->content_hash) set_content(*held);
  write(transaction, *held, "update", held->name + " " + held->url);
  return true;
}

bool approve_stream(Transaction& transaction, const std::string& id, const std::string& content_hash) {
  auto held = find_stream(transaction.session(), id);
  if (!held || held->state != StreamState::waiting || held->content_hash != content_hash) return false;
  held->state = StreamState::approved;
  held->approved_hash = content_hash;
  held->approver = transaction.actor().user;
  held->decided = transaction.now();
  write(transaction, *held, "approve", held->url);
  return true;
}

bool allow_plain_http(Transaction& transaction, const std::string& id, bool allowed) {
  auto held = find_stream(transaction.session(), id);
  if (!held || held->state == StreamState::retired || !is_plain_http(*held) || held->plain_http_allowed == allowed) return false;
  held->plain_http_allowed = allowed;
  held->plain_http_by = transaction.actor().user;
  held->plain_http_at = transaction.now();
  write(transaction, *held, allowed ? "allow_plain_http" : "forbid_plain_http", held->url);
  return true;
}

bool retire_stream(Transaction& transaction, const std::string& id) {
  auto held = find_stream(transaction.session(), id);
  if (!held || held->state == StreamState::retired) return false;
  held->state = StreamState::retired;
  held->retired = transaction.now();
  held->retired_by = transaction.actor().user;
  write(transaction, *held, "retire", held->url);
  return true;
}

std::optional<Stream> find_stream(Session& session, const std::string& id) {
  return sql::select_one<Stream>(session, "from streams where id = :id", sql::params(id));
}

bool has_set(Session& session, const std::string& stream, const std::string& user) {
  return sql::exists(session,
                     "select 1 from audit where subject = 'stream' and id = :id and user_id = :user and action in ('add', 'update')",
                     sql::params(stream, user));
}

std::vector<Stream> list_streams(Session& session, const StreamFilter& filter) {
  const std::string state = filter.state ? name_of(*filter.state) : "";
  auto parameters = sql::params(sql::roots_text(filter.roots), sql::roots_text(filter.above), state, state);
  const auto after = sql::after(filter.after, "changed, id", "<", parameters);
  return sql::select_text<Stream>(session,
                                  sql::kBranch + "select " + sql::columns_of<Stream>() +
                                      " from streams where (area in (select id from branch) or :above like '% ' || area || ' %')"
                                      " and (:any = '' or state = :state)" + after + " order by changed desc, id desc" + sql::limit(filter.limit),
                                  std::move(parameters));
}

}  // namespace loa::store
