#include <algorithm>

#include "controller/api/area_answers.hpp"
#include "controller/api/broadcast_request.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/store/streams.hpp"
#include "protocol/random_id.hpp"
#include "protocol/stream_address.hpp"

// Relays and live streams: their addresses, approval, and the province's leave for one without TLS. The controller never asks an address itself: what
// stands there is fetched by nodes alone, so that nobody who may write an address here can make this server call another.
namespace loa::api {
namespace {

using store::Stream;
using store::StreamState;

constexpr TextRule kName{1, 200};
constexpr TextRule kAddress{1, protocol::kMaxStreamAddress};

json::object stream_answer(store::Session& db, const Stream& s) {
  json::object answer;
  answer["id"] = s.id;
  answer["area"] = s.area;
  answer["name"] = s.name;
  answer["url"] = s.url;
  answer["language"] = s.language;
  answer["state"] = name_of(s.state);
  answer["plain_http"] = is_plain_http(s);
  answer["plain_http_allowed"] = s.plain_http_allowed;
  if (const std::string why = held_back_by(s); !why.empty()) answer["held_back"] = why;
  answer["content_hash"] = s.content_hash;
  answer["set_by"] = user_name(db, s.set_by);
  answer["set_at"] = time_text(s.set_at);
  if (s.decided && !s.approved_hash.empty())
    answer["approved"] = json::object{{"by", user_name(db, s.approver)}, {"at", time_text(*s.decided)}, {"content_hash", s.approved_hash}};
  if (s.plain_http_at) answer["plain_http_set"] = json::object{{"by", user_name(db, s.plain_http_by)}, {"at", time_text(*s.plain_http_at)}};
  answer["created_at"] = time_text(s.created);
  answer["changed_at"] = time_text(s.changed);
  if (s.retired) answer["retired"] = json::object{{"by", user_name(db, s.retired_by)}, {"at", time_text(*s.retired)}};
  return answer;
}

// Areas above all that the caller sees: their streams are for the nodes below, and so for those who schedule there.
std::vector<std::string> areas_above(const StoreCall& call) {
  std::vector<std::string> above;
  for (const auto& root : call.call.visible()) {
    auto chain = store::chain(call.db, root);
    if (!chain.empty()) chain.pop_back();
    above.insert(above.end(), chain.begin(), chain.end());
  }
  return above;
}

// The stream of the path; a stream of an area above is seen, and not the caller's to change.
http::Result<Stream> find(const StoreCall& call, bool to_read = false) {
  auto stream = store::find_stream(call.db, call.call.parameter("id"));
  if (!stream) return not_found("such stream");
  const auto above = areas_above(call);
  const bool from_above = std::find(above.begin(), above.end(), stream->area) != above.end();
  if (from_above && to_read) return std::move(*stream);
  if (auto problem = guard(call, stream->area)) {
    if (problem->status != 404) return *problem;
    if (!from_above) return not_found("such stream");
    return http::Problem{403, "forbidden", "Your roles do not give you this right for area " + stream->area + ".", {}};
  }
  return std::move(*stream);
}

// Broadcasts of it may be in plans anywhere at and below its area.
http::Response respond(StoreCall& call, const std::string& id, unsigned status = 200) {
  const auto stream = store::find_stream(call.db, id).value();
  for (const auto& relay : store::list_relays(call.db, id)) replan(call.effects, relay);
  call.effects.events.push_back({"stream", id, stream.area, "", name_of(stream.state), {}});
  return json_response(stream_answer(call.db, stream), status);
}

std::string checked_address(Fields& fields, const std::string& url) {
  if (url.empty()) return url;
  if (const auto address = protocol::parse_stream_address(url); !address) fields.fault("url", "bad_stream_url", address.error().message);
  return url;
}

http::Problem wrong_state(const Stream& stream) { return conflict("wrong_state", std::string("The stream is ") + name_of(stream.state) + "."); }

// Whether the caller has the route's right for the whole tree that the stream stands in.
bool speaks_for_the_province(const StoreCall& call, const Stream& stream) {
  const auto chain = store::chain(call.db, stream.area);
  const auto roots = call.call.roots();
  return !chain.empty() && std::find(roots.begin(), roots.end(), chain.front()) != roots.end();
}

}  // namespace

Reply list_streams(StoreCall& call) {
  Query query(call.call.request);
  const auto area = query.text("area");
  store::StreamFilter filter;
  filter.state = query.name<StreamState>("state", store::parse_stream_state);
  const auto page = query.page<store::TimePoint, std::string>("streams");
  if (auto problem = query.finish()) return *problem;
  auto roots = list_roots(call, area);
  if (roots.has_error()) return roots.error();
  filter.roots = std::move(*roots);
  if (!area) filter.above = areas_above(call);
  filter.after = page.after;
  filter.limit = page.fetch();
  const auto key = [](const auto& row) { return std::tuple(row.changed, row.id); };
  return json_response(page_answer(store::list_streams(call.db, filter), page, key, [&](const auto& row) { return stream_answer(call.db, row); }));
}

Reply get_stream(StoreCall& call) {
  const auto found = find(call, true);
  if (found.has_error()) return found.error();
  return json_response(stream_answer(call.db, *found));
}

Reply create_stream(StoreCall& call) {
  auto fields = Fields::parse(call.call.request.body);
  Stream stream;
  stream.id = protocol::random_id("st");
  stream.name = fields.text("name", kName);
  stream.area = fields.text("area", {1, 40});
  stream.url = checked_address(fields, fields.text("url", kAddress));
  stream.language = fields.optional_language("language").value_or("vi");
  if (auto problem = fields.finish()) return *problem;
  if (auto problem = guard_field(call, stream.area, "/area")) return *problem;
  auto transaction = call.write();
  if (!store::add_stream(transaction, stream)) return refused("unknown_area", "There is no such area.", "/area");
  transaction.commit();
  return respond(call, stream.id, 201);
}

Reply change_stream(StoreCall& call) {
  auto found = find(call);
  if (found.has_error()) return found.error();
  auto& stream = *found;
  auto fields = Fields::parse(call.call.request.body);
  if (auto name = fields.optional_text("name", kName)) stream.name = *name;
  if (auto url = fields.optional_text("url", kAddress)) stream.url = checked_address(fields, *url);
  if (auto language = fields.optional_language("language")) stream.language = *language;
  if (auto problem = fields.finish()) return *problem;
  auto transaction = call.write();
  if (!store::update_stream(transaction, stream)) return wrong_state(stream);
  transaction.commit();
  return respond(call, stream.id);
}

Reply approve_stream(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  auto fields = Fields::parse(call.call.request.body);
  const auto content_hash = fields.text("content_hash", {64, 64});
  if (auto problem = fields.finish()) return *problem;
  if (store::has_set(call.db, found->id, call.call.caller.user.id) && !store::inherited(call.db, found->area).self_approval)
    return http::Problem{403, "own_stream", "You set this stream's address or name, and the area's policy wants a second person to approve it.", {}};
  if (found->state != StreamState::waiting) return wrong_state(*found);
  if (found->content_hash != content_hash) return content_changed();
  auto transaction = call.write();
  if (!store::approve_stream(transaction, found->id, content_hash)) return wrong_state(*found);
  transaction.commit();
  return respond(call, found->id);
}

Reply set_stream_plain_http(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  auto fields = Fields::parse(call.call.request.body);
  const auto allowed = fields.flag("allowed");
  const auto content_hash = allowed ? fields.text("content_hash", {64, 64}) : fields.optional_text("content_hash", {64, 64}).value_or(found->content_hash);
  if (auto problem = fields.finish()) return *problem;
  if (!speaks_for_the_province(call, *found))
    return http::Problem{403, "forbidden", "Only the province allows a stream without TLS.", {}};
  if (found->state == StreamState::retired) return wrong_state(*found);
  if (!is_plain_http(*found)) return conflict("not_plain_http", "The stream's address has TLS: there is nothing to allow.");
  if (found->content_hash != content_hash) return content_changed();
  if (found->plain_http_allowed == allowed) return json_response(stream_answer(call.db, *found));
  auto transaction = call.write();
  if (!store::allow_plain_http(transaction, found->id, allowed)) return wrong_state(*found);
  transaction.commit();
  return respond(call, found->id);
}

Reply retire_stream(StoreCall& call) {
  const auto found = find(call);
  if (found.has_error()) return found.error();
  auto transaction = call.write();
  if (!store::retire_stream(transaction, found->id)) return wrong_state(*found);
  transaction.commit();
  return respond(call, found->id);
}

}  // namespace loa::api
