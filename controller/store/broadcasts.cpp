#include "controller/store/broadcasts.hpp"

#include <algorithm>

#include "controller/store/clips.hpp"
#include "controller/store/columns.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/programmes.hpp"
#include "controller/store/streams.hpp"

namespace loa::store {
namespace {

std::vector<std::string> texts_of(const std::vector<scheduler::LocalTime>& times) {
  std::vector<std::string> texts;
  for (const auto time : times) texts.push_back(scheduler::to_text(time));
  return texts;
}

scheduler::LocalTime local_of(const std::string& text) {
  const auto time = scheduler::parse_local(text);
  if (!time) throw std::runtime_error("store: not a local time: " + text);
  return *time;
}

std::vector<scheduler::LocalTime> locals_of(const std::vector<std::string>& texts) {
  std::vector<scheduler::LocalTime> times;
  for (const auto& text : texts) times.push_back(local_of(text));
  return times;
}

void local_times(sql::Columns& c, const char* name, std::vector<scheduler::LocalTime>& times) {
  auto texts = texts_of(times);
  sql::words(c, name, texts);
  if (c.reading()) times = locals_of(texts);
}

}  // namespace

template <>
struct sql::Fields<Broadcast> {
  static void visit(Columns& c, Broadcast& b) {
    c("id", b.id);
    c("programme", Reference{b.programme});
    c("stream", Reference{b.stream});
    std::optional<Millis> duration;
    if (!b.stream.empty()) duration = b.duration;
    c("duration_ms", duration);
    if (c.reading()) b.duration = duration.value_or(Millis{0});
    c("area", b.area);
    c("class", b.cls);
    c("start", [&] { return scheduler::to_text(b.when.start); },
      [&](const std::string& text) { b.when.start = local_of(text); });
    c("time_zone", b.when.zone);
    c("rrule", b.when.rrule);
    local_times(c, "exdates", b.when.exdate);
    local_times(c, "rdates", b.when.rdate);
    words(c, "cancelled_occurrences", b.cancelled_occurrences);
    c("volume", b.volume);
    c("after_interrupt", b.after_interrupt);
    c("late", b.late);
    c("late_limit_ms", b.late_limit);
    c("creator", b.creator);
    c("created", b.created);
    c("cancelled", b.cancelled);
    c("cancelled_by", b.cancelled_by);
    c("cancel_reason", b.cancel_reason);
  }
};

namespace {

Broadcast with_targets(Session& session, Broadcast broadcast) {
  broadcast.areas = sql::values<std::string>(
      session, "select area from broadcast_areas where broadcast = :id order by area", sql::params(broadcast.id));
  broadcast.nodes = sql::values<std::string>(
      session, "select node from broadcast_nodes where broadcast = :id order by node", sql::params(broadcast.id));
  broadcast.substitutes = sql::values<std::string>(
      session, "select programme from broadcast_substitutes where broadcast = :id order by place", sql::params(broadcast.id));
  return broadcast;
}

bool is_approved(const std::optional<Programme>& programme) {
  return programme && programme->state == ProgrammeState::approved && programme->approved_hash == programme->content_hash;
}

// The clip of a programme as it was approved; nothing where it is not approved as it is now.
std::optional<scheduler::Item> approved_item(Session& session, const std::string& id) {
  const auto programme = find_programme(session, id);
  if (!is_approved(programme)) return {};
  const auto clip = find_clip(session, programme->clip_sha256);
  if (!clip) return {};
  return scheduler::Item{.duration = clip->duration, .sha256 = clip->sha256, .bytes = clip->bytes};
}

bool has_subject(Session& session, const Broadcast& broadcast) {
  if (broadcast.programme.empty() == broadcast.stream.empty()) return false;
  if (!broadcast.programme.empty()) return find_programme(session, broadcast.programme).has_value();
  const auto stream = find_stream(session, broadcast.stream);
  return stream && stream->state != StreamState::retired && broadcast.duration > Millis{0};
}

// What a broadcast is of; false: that is not there.
bool put_programme(Session& session, const Broadcast& broadcast, scheduler::Broadcast& made) {
  const auto programme = find_programme(session, broadcast.programme);
  if (!programme) return false;
  made.programme_id = programme->id;
  made.title = programme->title;
  made.legal_field = programme->legal_field;
  made.language = programme->language;
  made.origin = programme->origin;
  if (const auto clip = find_clip(session, programme->clip_sha256)) {
    scheduler::Item item;
    item.duration = clip->duration;
    item.sha256 = clip->sha256;
    item.bytes = clip->bytes;
    made.items.push_back(std::move(item));
  }
  return true;
}

bool put_stream(Session& session, const Broadcast& broadcast, scheduler::Broadcast& made) {
  const auto stream = find_stream(session, broadcast.stream);
  if (!stream) return false;
  made.programme_id = stream->id;
  made.title = stream->name;
  made.language = stream->language;
  scheduler::Item item;
  item.kind = scheduler::ItemKind::stream;
  item.duration = broadcast.duration;
  item.url = stream->url;
  item.plain_http_allowed = stream->plain_http_allowed;
  made.items.push_back(std::move(item));
  return true;
}

bool targets_exist(Session& session, const Broadcast& broadcast) {
  const auto has_area = [&](const std::string& id) {
    return sql::exists(session, "select 1 from areas where id = :id", sql::params(id));
  };
  const auto has_node = [&](const std::string& id) {
    const auto node = find_node(session, id);
    return node && !node->retired;
  };
  return has_area(broadcast.area) && std::all_of(broadcast.areas.begin(), broadcast.areas.end(), has_area) &&
         std::all_of(broadcast.nodes.begin(), broadcast.nodes.end(), has_node);
}

void write(Transaction& transaction, const Broadcast& broadcast, std::string_view action, std::string_view detail) {
  sql::update(transaction.session(), "broadcasts", broadcast, "id = :id", sql::params(broadcast.id));
  transaction.audit(action, "broadcast", broadcast.id, broadcast.area, detail);
}

}  // namespace

bool add_broadcast(Transaction& transaction, const Broadcast& broadcast) {
  auto& session = transaction.session();
  if (!has_subject(session, broadcast) || !targets_exist(session, broadcast)) return false;
  for (const auto& substitute : broadcast.substitutes)
    if (!find_programme(session, substitute)) return false;
  Broadcast added = broadcast;
  added.created = transaction.now();
  added.cancelled.reset();
  if (sql::insert(session, "broadcasts", added, "on conflict do nothing") == 0) return false;
  for (const auto& area : broadcast.areas)
    sql::execute(session, "insert into broadcast_areas (broadcast, area) values (:b, :a) on conflict do nothing",
                 sql::params(broadcast.id, area));
  for (const auto& node : broadcast.nodes)
    sql::execute(session, "insert into broadcast_nodes (broadcast, node) values (:b, :n) on conflict do nothing",
                 sql::params(broadcast.id, node));
  for (std::size_t place = 0; place < broadcast.substitutes.size(); ++place)
    sql::execute(session, "insert into broadcast_substitutes (broadcast, place, programme) values (:b, :place, :p)",
                 sql::params(broadcast.id, static_cast<std::int64_t>(place), broadcast.substitutes[place]));
  transaction.audit("add", "broadcast", added.id, added.area, scheduler::to_text(added.when.start) + " " + added.when.rrule);
  return true;
}

bool cancel_broadcast(Transaction& transaction, const std::string& id, const std::string& reason) {
  auto held = find_broadcast(transaction.session(), id);
  if (!held || held->cancelled) return false;
  held->cancelled = transaction.now();
  held->cancelled_by = transaction.actor().user;
  held->cancel_reason = reason;
  write(transaction, *held, "cancel", reason);
  return true;
}

bool cancel_occurrence(Transaction& transaction, const std::string& broadcast, const std::string& occurrence) {
  auto held = find_broadcast(transaction.session(), broadcast);
  if (!held || held->cancelled || !occurrence.starts_with(broadcast + "@")) return false;
  auto& list = held->cancelled_occurrences;
  if (std::find(list.begin(), list.end(), occurrence) == list.end()) list.push_back(occurrence);
  write(transaction, *held, "cancel_occurrence", occurrence);
  return true;
}

std::optional<Broadcast> find_broadcast(Session& session, const std::string& id) {
  auto found = sql::select_one<Broadcast>(session, "from broadcasts where id = :id", sql::params(id));
  if (!found) return std::nullopt;
  return with_targets(session, std::move(*found));
}

std::optional<scheduler::Broadcast> to_scheduler(Session& session, const Broadcast& broadcast) {
  scheduler::Broadcast made;
  if (!(broadcast.stream.empty() ? put_programme : put_stream)(session, broadcast, made)) return std::nullopt;
  made.id = broadcast.id;
  made.cls = broadcast.cls;
  made.when = broadcast.when;
  for (const auto& substitute : broadcast.substitutes)
    if (auto item = approved_item(session, substitute)) made.substitutes.push_back(std::move(*item));
  made.after_interrupt = broadcast.after_interrupt;
  made.late = broadcast.late;
  made.late_limit = broadcast.late_limit;
  made.volume = broadcast.volume;
  made.target_areas = broadcast.areas;
  made.target_nodes = broadcast.nodes;
  made.cancelled_from = broadcast.cancelled;
  made.cancelled_occurrences = broadcast.cancelled_occurrences;
  return made;
}

std::vector<Broadcast> list_broadcasts(Session& session, const BroadcastFilter& filter) {
  auto parameters = sql::params(sql::roots_text(filter.roots), filter.programme, filter.programme, filter.stream, filter.stream);
  const auto after = sql::after(filter.after, "created, id", "<", parameters);
  auto found = sql::select_text<Broadcast>(
      session,
      sql::kBranch + "select " + sql::columns_of<Broadcast>() +
          " from broadcasts where area in (select id from branch) and (:any = '' or programme = :programme)"
          " and (:any_stream = '' or stream = :stream)" +
          (filter.with_cancelled ? "" : " and cancelled is null") + after + " order by created desc, id desc" +
          sql::limit(filter.limit),
      std::move(parameters));
  for (auto& broadcast : found) broadcast = with_targets(session, std::move(broadcast));
  return found;
}

std::vector<Broadcast> list_relays(Session& session, const std::string& stream) {
  auto found = sql::select<Broadcast>(session, "from broadcasts where stream = :stream and cancelled is null order by id", sql::params(stream));
  for (auto& broadcast : found) broadcast = with_targets(session, std::move(broadcast));
  return found;
}

std::string held_back_by(Session& session, const Broadcast& broadcast) {
  if (broadcast.stream.empty()) return is_approved(find_programme(session, broadcast.programme)) ? "" : "not_approved";
  const auto stream = find_stream(session, broadcast.stream);
  return stream ? held_back_by(*stream) : "stream_retired";
}

std::vector<scheduler::Broadcast> list_broadcasts_to_plan(Session& session) {
  std::vector<scheduler::Broadcast> planned;
  for (auto& broadcast : sql::select<Broadcast>(session,
                                                "from broadcasts b left join programmes p on p.id = b.programme"
                                                " left join streams s on s.id = b.stream where b.cancelled is null"
                                                " and ((p.state = 'approved' and p.approved_hash = p.content_hash and p.clip_sha256 is not null)"
                                                " or (s.state = 'approved' and s.approved_hash = s.content_hash"
                                                " and (s.plain_http = 1 or substr(s.url, 1, 5) = 'https')))"
                                                " order by b.id",
                                                {}, "b"))
    if (auto made = to_scheduler(session, with_targets(session, std::move(broadcast)))) planned.push_back(std::move(*made));
  return planned;
}

}  // namespace loa::store
