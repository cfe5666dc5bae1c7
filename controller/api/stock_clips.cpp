#include <algorithm>

#include "controller/api/answers.hpp"
#include "controller/api/fields.hpp"
#include "controller/api/handlers.hpp"
#include "controller/api/stock_in_use.hpp"

// Stock clips: everyone's, which come with the program, and those of an area. What an area's nodes shall say by a name is an approved programme: nothing
// sounds that a second person has not heard.
namespace loa::api {
namespace {

json::object stock_answer(const StoreCall& call, const store::AreaStockClip& row) {
  json::object answer{{"name", row.stock.name}, {"title", row.stock.title}, {"clip", clip(store::find_clip(call.db, row.stock.sha256).value())}};
  if (row.area.empty()) return answer;
  answer["area"] = row.area;
  if (const auto area = store::find_area(call.db, row.area)) answer["area_name"] = area->name;
  return answer;
}

/// Which of the stock clips that concern an area are asked for.
enum class Which { own, held };
std::optional<Which> parse_which(std::string_view word) {
  if (word == "own") return Which::own;
  if (word == "held") return Which::held;
  return {};
}

// As long as one may last: an alert of an area above, whose nodes say it in its place, keeps that much between its repeats.
constexpr auto kLongest = std::chrono::seconds(120);

// What these names say is fixed: the tone before every alert, that one is an exercise or a test, and what a loudspeaker's self-test sounds.
bool is_reserved(const std::string& name) { return name == "tone" || name == "exercise" || name == "test" || name == "chime"; }

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

http::Response list_of(const StoreCall& call, const std::vector<store::AreaStockClip>& rows) {
  return json_response(list_answer(rows, [&](const auto& row) { return stock_answer(call, row); }));
}

http::Response own_of(const StoreCall& call, const std::string& area) { return list_of(call, store::list_area_stock_clips(call.db, {area})); }

}  // namespace

Reply list_stock_clips(StoreCall& call) {
  Query query(call.call.request);
  if (auto problem = query.finish()) return *problem;
  return list_of(call, store::stock_rows_under(call.db, {}));
}

Reply list_area_stock_clips(StoreCall& call) {
  Query query(call.call.request);
  const auto which = query.name<Which>("which", parse_which);
  if (auto problem = query.finish()) return *problem;
  const auto& area = call.call.parameter("id");
  if (auto problem = guard(call, area)) return *problem;
  if (which == Which::held) return list_of(call, store::stock_rows_under(call.db, store::chain(call.db, area)));
  return own_of(call, area);
}

Reply put_area_stock_clip(StoreCall& call) {
  const auto& area = call.call.parameter("id");
  const auto& name = call.call.parameter("name");
  if (auto problem = guard(call, area)) return *problem;
  auto fields = Fields::parse(call.call.request.body);
  const auto id = fields.text("programme", {1, 40});
  if (auto problem = fields.finish()) return *problem;
  if (!is_name(name)) return refused("bad_stock_name", "A stock clip's name has 1 to 40 of a to z, 0 to 9 and underscore.");
  if (is_reserved(name)) return refused("reserved_stock_name", "The stock clip \"" + name + "\" is the same everywhere.");
  const auto programme = store::find_programme(call.db, id);
  if (!programme || !store::is_within(call.db, programme->area, call.call.visible()))
    return refused("unknown_programme", "There is no programme \"" + id + "\" for you to use.", "/programme");
  if (programme->state != store::ProgrammeState::approved || programme->approved_hash != programme->content_hash)
    return refused("not_approved", "The programme is not approved as it is now.", "/programme");
  if (programme->duration > kLongest)
    return refused("too_long", "A stock clip lasts at most " + std::to_string(kLongest.count()) + " seconds.", "/programme");
  auto transaction = call.write();
  if (!store::put_area_stock_clip(transaction, {area, {name, programme->clip_sha256, programme->title}}))
    return conflict("too_many_stock", "An area has at most " + std::to_string(store::kMaxAreaStock) + " stock clips of its own.");
  transaction.commit();
  call.effects.areas.push_back(area);
  return own_of(call, area);
}

Reply drop_area_stock_clip(StoreCall& call) {
  const auto& area = call.call.parameter("id");
  if (auto problem = guard(call, area)) return *problem;
  const StockInUse stock(call, area);
  auto transaction = call.write();
  if (!store::drop_area_stock_clip(transaction, area, call.call.parameter("name"))) return not_found("such stock clip");
  if (auto problem = stock.refuse_loss(area)) return *problem;
  transaction.commit();
  call.effects.areas.push_back(area);
  return own_of(call, area);
}

}  // namespace loa::api
