#include "controller/store/programmes.hpp"

#include "controller/store/clips.hpp"
#include "controller/store/columns.hpp"
#include "controller/store/content_hash.hpp"

namespace loa::store {

const char* name_of(ProgrammeState state) {
  switch (state) {
    case ProgrammeState::draft: return "draft";
    case ProgrammeState::waiting: return "waiting";
    case ProgrammeState::approved: return "approved";
    case ProgrammeState::rejected: return "rejected";
    case ProgrammeState::archived: return "archived";
  }
  return "";
}

std::optional<ProgrammeState> parse_programme_state(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(ProgrammeState::archived); ++i)
    if (name == name_of(static_cast<ProgrammeState>(i))) return static_cast<ProgrammeState>(i);
  return std::nullopt;
}

template <>
inline constexpr ProgrammeState sql::kLast<ProgrammeState> = ProgrammeState::archived;

template <>
struct sql::Fields<Programme> {
  static void visit(Columns& c, Programme& p) {
    c("id", p.id);
    c("area", p.area);
    c("title", p.title);
    c("legal_field", p.legal_field);
    words(c, "legal_references", p.legal_references, '\n');
    c("issuing_body", p.issuing_body);
    c("language", p.language);
    c("script", p.script);
    origin_columns(c, p.origin);
    c("clip_sha256", Reference{p.clip_sha256});
    c("state", p.state);
    c("author", p.author);
    c("content_hash", p.content_hash);
    c("approved_hash", p.approved_hash);
    c("approver", p.approver);
    c("return_reason", p.return_reason);
    c("created", p.created);
    c("changed", p.changed);
    c("submitted", p.submitted);
    c("decided", p.decided);
  }
};

namespace {

void write(Transaction& transaction, const Programme& programme, std::string_view action, std::string_view detail = {}) {
  sql::update(transaction.session(), "programmes", programme, "id = :id", sql::params(programme.id));
  transaction.audit(action, "programme", programme.id, programme.area, detail);
}

void set_content(Programme& programme, TimePoint now) {
  const auto hash = content_hash_of(programme);
  if (hash == programme.content_hash) return;
  programme.content_hash = hash;
  programme.state = ProgrammeState::draft;
  programme.approved_hash.clear();
  programme.approver.clear();
  programme.submitted.reset();
  programme.decided.reset();
  programme.changed = now;
}

std::optional<Programme> with_duration(Session& session, std::optional<Programme> programme) {
  if (programme && !programme->clip_sha256.empty())
    if (const auto clip = find_clip(session, programme->clip_sha256)) programme->duration = clip->duration;
  return programme;
}

}  // namespace

std::string content_hash_of(const Programme& programme) {
  ContentHash hash;
  for (const auto* part : {&programme.title, &programme.legal_field, &programme.issuing_body, &programme.language,
                           &programme.script, &programme.clip_sha256})
    hash.add(*part);
  for (const auto& reference : programme.legal_references) hash.add(reference);
  if (programme.origin) {
    hash.add(programme.origin->system);
    hash.add(programme.origin->id);
    hash.add(std::to_string(programme.origin->revision));
  }
  return hash.hex();
}

bool add_programme(Transaction& transaction, const Programme& programme) {
  auto& session = transaction.session();
  if (!sql::exists(session, "select 1 from areas where id = :id", sql::params(programme.area))) return false;
  Programme added = programme;
  added.content_hash.clear();
  added.return_reason.clear();
  set_content(added, transaction.now());
  added.created = transaction.now();
  if (sql::insert(session, "programmes", added, "on conflict do nothing") == 0) return false;
  transaction.audit("add", "programme", added.id, added.area, added.title);
  return true;
}

bool has_written(Session& session, const std::string& programme, const std::string& user) {
  return sql::exists(session,
                     "select 1 from audit where subject = 'programme' and id = :id and user_id = :user and action in ('add', 'update') "
                     "union select 1 from media_jobs where programme = :of and creator = :by",
                     sql::params(programme, user, programme, user));
}

bool update_programme(Transaction& transaction, const Programme& programme) {
  auto held = find_programme(transaction.session(), programme.id);
  if (!held || held->state == ProgrammeState::archived) return false;
  held->title = programme.title;
  held->legal_field = programme.legal_field;
  held->legal_references = programme.legal_references;
  held->issuing_body = programme.issuing_body;
  held->language = programme.language;
  held->script = programme.script;
  held->origin = programme.origin;
  held->clip_sha256 = programme.clip_sha256;
  set_content(*held, transaction.now());
  write(transaction, *held, "update", held->title);
  return true;
}

bool set_programme_clip(Transaction& transaction, const std::string& id, const std::string& sha256) {
  auto held = find_programme(transaction.session(), id);
  if (!held || held->state == ProgrammeState::archived || !find_clip(transaction.session(), sha256)) return false;
  held->clip_sha256 = sha256;
  set_content(*held, transaction.now());
  write(transaction, *held, "set_clip", sha256);
  return true;
}

bool submit_programme(Transaction& transaction, const std::string& id) {
  auto held = find_programme(transaction.session(), id);
  if (!held || held->clip_sha256.empty()) return false;
  if (held->state != ProgrammeState::draft && held->state != ProgrammeState::rejected) return false;
  held->state = ProgrammeState::waiting;
  held->submitted = held->changed = transaction.now();
  held->decided.reset();
  held->return_reason.clear();
  write(transaction, *held, "submit", held->content_hash);
  return true;
}

bool approve_programme(Transaction& transaction, const std::string& id, const std::string& content_hash) {
  auto held = find_programme(transaction.session(), id);
  if (!held || held->state != ProgrammeState::waiting || held->content_hash != content_hash) return false;
  held->state = ProgrammeState::approved;
  held->approved_hash = content_hash;
  held->approver = transaction.actor().user;
  held->decided = held->changed = transaction.now();
  write(transaction, *held, "approve", content_hash);
  return true;
}

bool return_programme(Transaction& transaction, const std::string& id, const std::string& reason) {
  auto held = find_programme(transaction.session(), id);
  if (!held || held->state != ProgrammeState::waiting) return false;
  held->state = ProgrammeState::rejected;
  held->return_reason = reason;
  held->approver = transaction.actor().user;
  held->decided = held->changed = transaction.now();
  write(transaction, *held, "return", reason);
  return true;
}

bool archive_programme(Transaction& transaction, const std::string& id) {
  auto held = find_programme(transaction.session(), id);
  if (!held || held->state == ProgrammeState::archived) return false;
  held->state = ProgrammeState::archived;
  held->changed = transaction.now();
  write(transaction, *held, "archive");
  return true;
}

std::optional<Programme> find_programme(Session& session, const std::string& id) {
  return with_duration(session, sql::select_one<Programme>(session, "from programmes where id = :id", sql::params(id)));
}

std::vector<Programme> list_programmes(Session& session, const ProgrammeFilter& filter) {
  const std::string state = filter.state ? name_of(*filter.state) : "";
  auto parameters = sql::params(sql::roots_text(filter.roots), state, state);
  const auto after = sql::after(filter.after, "changed, id", "<", parameters);
  auto found = sql::select_text<Programme>(
      session,
      sql::kBranch + "select " + sql::columns_of<Programme>() +
          " from programmes where area in (select id from branch) and (:any = '' or state = :state)" + after +
          " order by changed desc, id desc" + sql::limit(filter.limit),
      std::move(parameters));
  for (auto& programme : found) programme = *with_duration(session, std::move(programme));
  return found;
}

}  // namespace loa::store
